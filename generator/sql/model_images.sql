-- What did one model see and write, image by image?
select
    images.image_id,
    images.position,
    images.caption,
    images.width as source_width,
    images.height as source_height,
    samples.canvas_id,
    samples.generated_caption,
    samples.caption_tokens,
    samples.caption_loss_image,
    samples.caption_loss_shuffled,
    samples.caption_loss_none,
    canvases.media_type,
    canvases.bytes,
    canvases.width,
    canvases.height,
    canvases.rows,
    canvases.cols,
    canvases.cell_width,
    canvases.cell_height,
    canvases.grid_x,
    canvases.grid_y,
    canvases.affine,
    canvases.padding
from samples
join images on images.image_id = samples.image_id
join canvases on canvases.canvas_id = samples.canvas_id
where samples.model_id = $model_id
order by images.position, images.image_id
