-- Which models show a step of which training, in the order of the steps?
select *
from checkpoints
order by trained_model_id, step nulls last, model_id
