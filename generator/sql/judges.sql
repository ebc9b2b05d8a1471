-- Which judges are there, and what is behind them?
select
    judge,
    judge_model,
    prompt_hash,
    count(*) as judgments,
    count(*) filter (status = 'failed') as failed,
    coalesce(sum(cost), 0)::double as cost
from judgments
group by judge, judge_model, prompt_hash
order by judge, judge_model, prompt_hash
