-- From which text layers did one model's text neighbours come?
select distinct text_layer
from neighbors
where model_id = $model_id and text_layer is not null
order by text_layer
