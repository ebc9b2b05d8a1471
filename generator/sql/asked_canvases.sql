-- What do these canvases look like, and how are they cut into cells?
select
    canvas_id,
    media_type,
    bytes,
    width,
    height,
    rows,
    cols,
    cell_width,
    cell_height,
    grid_x,
    grid_y
from canvases
where list_contains($canvas_ids, canvas_id)
order by canvas_id
