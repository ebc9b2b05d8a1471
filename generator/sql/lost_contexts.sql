-- Which models have text neighbours whose sentences are not there, as after a run that ended early?
select model_id, count(*) as neighbors, count(distinct image_id) as images
from neighbors
where context_id is not null and context_id not in (select context_id from contexts)
group by model_id
order by model_id
