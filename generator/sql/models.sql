-- Which models does the study have, in the order of the study file?
select *
from models
order by position, model_id
