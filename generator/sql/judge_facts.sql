-- Which judges are there, what was asked of them, and what did they use?
with used as (
    select
        judge,
        string_agg(distinct judge_model, ', ' order by judge_model) as judge_model,
        string_agg(distinct prompt_hash, ', ' order by prompt_hash) as prompt_hash,
        count(*) as judgments,
        sum(tokens)::bigint as tokens,
        sum(cost)::double as cost,
        max(len(candidates)) as most_candidates
    from judgments
    group by judge
)

select
    used.judge,
    coalesce(judges.kind, case when used.judge = 'annotations' then 'annotations' else 'model' end) as kind,
    coalesce(nullif(trim(judges.title), ''), used.judge) as title,
    coalesce(judges.judge_model, used.judge_model) as judge_model,
    judges.prompt,
    coalesce(judges.prompt_hash, used.prompt_hash) as prompt_hash,
    judges.note,
    used.judgments,
    used.tokens,
    used.cost,
    used.most_candidates
from used
left join judges using (judge)
order by used.judge
