-- What ran, when, for how long, with what?
select run_id, stage, model_id, started, seconds, command, versions, device, dtype, seed
from runs
order by started, stage, model_id, run_id
