-- Which models saw any image?
select distinct model_id
from samples
order by model_id
