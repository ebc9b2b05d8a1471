-- Which regions are annotated in the images that one model saw?
select image_id, region, kind, words, attributes, x0, y0, x1, y1, mask
from regions
where image_id in (select image_id from samples where model_id = $model_id)
order by image_id, region
