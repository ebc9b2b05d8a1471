-- How large was the loss of each training, step by step?
select
    model_id,
    step,
    loss
from training_losses
order by model_id, step
