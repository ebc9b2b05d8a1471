-- Which shares were published for which models, and where?
select model_id, lens, vision_layer, source, percent, trials
from published_scores
order by source, model_id, lens, vision_layer
