-- Where one judge judged the same cell of the same canvas for two models: what did it say of both, per image?
with verdicts as (
    select
        judge, model_id, image_id, lens, vision_layer, cell, interpretable, samples.canvas_id
    from judgments
    inner join samples using (model_id, image_id)
    where status = 'ok' and interpretable is not null and model_id in ($model_id, $other_id)
)

select
    one.judge,
    one.lens,
    one.image_id,
    count(*) as cells,
    count(*) filter (one.interpretable) as model_found,
    count(*) filter (other.interpretable) as other_found,
    count(*) filter (one.interpretable and not other.interpretable) as model_only,
    count(*) filter (other.interpretable and not one.interpretable) as other_only
from verdicts as one
inner join verdicts as other using (judge, image_id, canvas_id, lens, vision_layer, cell)
where one.model_id = $model_id and other.model_id = $other_id
group by one.judge, one.lens, one.image_id
order by one.judge, one.lens, one.image_id
