-- Why is there no verdict where there is none?
select
    judge,
    coalesce(failure, '') as failure,
    count(*) as judgments
from judgments
where status = 'failed' or (status = 'ok' and interpretable is null)
group by judge, coalesce(failure, '')
order by judge, judgments desc, failure
