-- Which model saw which image?
select model_id, image_id
from samples
order by model_id, image_id
