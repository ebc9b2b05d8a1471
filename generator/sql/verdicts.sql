-- How many cells did each judge find interpretable, and how many name what an object cell shows, per image?
with judged as (
    select
        *,
        status = 'ok' as has_verdict,
        status = 'ok' and truth_kind = 'object' and names_truth is not null as has_object
    from judgments
)
select
    model_id,
    lens,
    judge,
    vision_layer,
    image_id,
    count(*) filter (has_verdict) as judged,
    count(*) filter (has_verdict and interpretable) as interpretable,
    count(*) filter (status = 'failed') as failed,
    count(*) filter (status = 'skipped') as skipped,
    coalesce(sum(chance_hits) filter (has_verdict), 0)::bigint as chance_hits,
    coalesce(sum(chance_trials) filter (has_verdict), 0)::bigint as chance_trials,
    count(*) filter (has_object) as object_cells,
    count(*) filter (has_object and names_truth) as named,
    count(*) filter (has_object and names_noun) as named_by_noun,
    coalesce(sum(truth_chance_hits) filter (has_object), 0)::bigint as named_chance_hits,
    coalesce(sum(truth_chance_trials) filter (has_object), 0)::bigint as named_chance_trials,
    coalesce(sum(noun_chance_hits) filter (has_object), 0)::bigint as noun_chance_hits,
    coalesce(sum(truth_chance_trials) filter (has_object and noun_chance_hits is not null), 0)::bigint
        as noun_chance_trials
from judged
group by model_id, lens, judge, vision_layer, image_id
order by model_id, lens, judge, vision_layer, image_id
