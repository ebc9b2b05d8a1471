-- Which judges judged which models?
select distinct model_id, judge
from judgments
order by model_id, judge
