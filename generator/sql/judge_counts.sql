-- What did each judge say of each lens of each model at each vision layer, and of what kind are its reasons?
-- A cell with words of several relations counts once in named_*: under the closest one. Failed and skipped
-- cells are in no other column than theirs.
with judged as (
    select
        *,
        status = 'ok' and interpretable is not null as has_verdict,
        concrete_words || abstract_words || global_words as related
    from judgments
),

said as (
    select
        *,
        has_verdict and interpretable as found,
        has_verdict and (not interpretable or len(related) > 0) and len(candidates) > 0 as knows_first
    from judged
)

select
    judge,
    model_id,
    lens,
    vision_layer,
    count(*) filter (has_verdict) as judged,
    count(*) filter (found) as interpretable,
    count(*) filter (found and len(concrete_words) > 0) as named_concrete,
    count(*) filter (found and len(concrete_words) = 0 and len(abstract_words) > 0) as named_abstract,
    count(*) filter (
        found and len(concrete_words) = 0 and len(abstract_words) = 0 and len(global_words) > 0
    ) as named_global,
    count(*) filter (found and len(related) = 0) as unnamed,
    count(*) filter (found and len(abstract_words) > 0) as any_abstract,
    count(*) filter (found and len(global_words) > 0) as any_global,
    count(*) filter (knows_first) as first_judged,
    count(*) filter (knows_first and found and list_contains(
        string_split(lower(array_to_string(related, chr(31))), chr(31)), lower(candidates[1])
    )) as first_found,
    count(*) filter (status = 'failed' or (status = 'ok' and interpretable is null)) as failed,
    count(*) filter (status = 'skipped') as skipped,
    coalesce(sum(chance_hits) filter (has_verdict), 0)::bigint as chance_hits,
    coalesce(sum(chance_trials) filter (has_verdict), 0)::bigint as chance_trials
from said
group by judge, model_id, lens, vision_layer
order by judge, model_id, lens, vision_layer
