using WanSharp.Engine.Planning;
using WanSharp.Media.Images;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>Reads what a clip follows, in the clip's own size, rate and length.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="source">Reads the files.</param>
internal sealed class ControlReader(ControlSource source)
{
    /// <summary>
    /// The frames of a plan's control, at the rate of the clip that is made and as many as it has: what is over is not read, and frames
    /// that the control does not have are made anew. A single picture is shown all the time, unless it is kept: then it is the first
    /// frame. Images that are given for frames are kept.
    /// </summary>
    /// <exception cref="InvalidRequestException">
    /// A file cannot be read, a mask is shorter than what it is for, or a file is not what it was when the clip was planned.
    /// </exception>
    public async Task<ControlFrames> ReadAsync(GenerationPlan plan, CancellationToken cancellationToken)
    {
        var (control, settings) = (plan.Control!, plan.Settings);
        var frames = new ControlFrames(settings.Width, settings.Height, settings.Frames)
        {
            Followed = control.IsHidden ? default(FrameRect) : control.Place,
        };
        if (control.Video is not null)
        {
            await ReadVideoAsync(plan, control, frames, cancellationToken).ConfigureAwait(false);
        }

        foreach (var (latentFrame, image) in plan.GivenFrames.Where(_ => !control.IsFun)) // where they are no part of the control
        {
            var picture = ImageTensors.Cover(image, frames.Width, frames.Height).Pixels;
            frames.Set(FrameOf(plan, latentFrame), picture, new byte[frames.Width * frames.Height]);
        }

        foreach (var file in control.References)
        {
            var image = await source.ReadPictureAsync(file, cancellationToken).ConfigureAwait(false);
            frames.References.Add(OnWhite(image, frames.Width, frames.Height));
            frames.Shown ??= image;
        }

        // When all is read and before anything is made of it: what is kept is kept under the digests of the plan.
        foreach (var file in control.Files)
        {
            file.RequireUnchanged();
        }

        return frames;
    }

    /// <summary>The frame of video that an image for a latent frame gives: the last of those that the latent frame stands for.</summary>
    private static int FrameOf(GenerationPlan plan, int latentFrame) =>
        plan.LatentFrames == 1 ? 0 : latentFrame * ((plan.Settings.Frames - 1) / (plan.LatentFrames - 1));

    /// <summary>Reads what is followed frame by frame: what is held is what the clip has in the end, and one frame more.</summary>
    private async Task ReadVideoAsync(GenerationPlan plan, ControlPlan control, ControlFrames frames, CancellationToken cancellationToken)
    {
        var place = control.Place;
        var masks = new List<byte[]?>();
        if (control.Mask is { } mask)
        {
            await source.ReadAsync(mask, plan, image => Add(masks, MaskOf(image, control)), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            masks.Add(control.Keeps ? new byte[place.Width * place.Height] : null);
        }

        var put = new Putting(control, frames, masks);
        var first = (RgbImage?)null;
        var count = await source
            .ReadAsync(
                control.Video!,
                plan,
                image => put.Next(first = ImageTensors.Cover(image, place.Width, place.Height)),
                cancellationToken
            )
            .ConfigureAwait(false);
        ControlSource.RequireAsLong(plan, masks.Count, count);
        if (count == 1 && !control.Keeps)
        {
            put.Repeat(first!);
        }

        static bool Add<T>(List<T> list, T item)
        {
            list.Add(item);
            return true;
        }
    }

    /// <summary>What is kept as it is, and in place of what is made anew that which is followed there.</summary>
    private static byte[] Shown(RgbImage picture, byte[]? mask, ControlPlan control)
    {
        var followed = control.Source switch
        {
            "canny" => ControlPictures.Edges(picture).Pixels,
            "luma" => ControlPictures.Luma(picture).Pixels,
            _ => picture.Pixels,
        };
        if (mask is null || followed == picture.Pixels)
        {
            return followed;
        }

        for (var i = 0; i < mask.Length; i++)
        {
            if (!ControlFrames.IsMade(mask[i]))
            {
                picture.Pixels.AsSpan(3 * i, 3).CopyTo(followed.AsSpan(3 * i));
            }
        }

        return followed;
    }

    /// <summary>What is white in a picture is made anew; what is grey stays so, for the network.</summary>
    private static byte[] MaskOf(RgbImage image, ControlPlan control)
    {
        var shown = ImageTensors.Cover(image, control.Place.Width, control.Place.Height);
        var mask = new byte[shown.Width * shown.Height];
        for (var i = 0; i < mask.Length; i++)
        {
            mask[i] = shown.Pixels[3 * i]; // red, as the official code reads it
        }

        return mask;
    }

    /// <summary>A picture, or a mask, in its place in a frame; around it all is made after nothing.</summary>
    private static byte[] Into(byte[] picture, FrameRect place, ControlFrames frames, int bytes)
    {
        if ((place.Width, place.Height) == (frames.Width, frames.Height))
        {
            return picture;
        }

        var frame = new byte[frames.Width * frames.Height * bytes];
        frame.AsSpan().Fill(ControlFrames.Made); // of a picture any value will do: nothing is seen there
        for (var y = 0; y < place.Height; y++)
        {
            picture
                .AsSpan(y * place.Width * bytes, place.Width * bytes)
                .CopyTo(frame.AsSpan((((place.Top + y) * frames.Width) + place.Left) * bytes));
        }

        return frame;
    }

    /// <summary>A picture as large as fits, in the middle of white.</summary>
    private static RgbImage OnWhite(RgbImage image, int width, int height)
    {
        var scale = Math.Min((double)width / image.Width, (double)height / image.Height);
        var (w, h) = (Math.Max(1, (int)(image.Width * scale)), Math.Max(1, (int)(image.Height * scale)));
        var resized = ImageTensors.Resize(image, w, h);
        var (left, top) = ((width - w) / 2, (height - h) / 2);
        var pixels = new byte[3 * width * height];
        pixels.AsSpan().Fill(byte.MaxValue);
        for (var y = 0; y < h; y++)
        {
            resized.Pixels.AsSpan(3 * y * w, 3 * w).CopyTo(pixels.AsSpan(3 * (((top + y) * width) + left)));
        }

        return new RgbImage(width, height, pixels);
    }

    /// <summary>Puts frames into their places, one after another.</summary>
    /// <param name="control">What is followed.</param>
    /// <param name="frames">Receives them.</param>
    /// <param name="masks">A mask for each frame, each let go when it is used, or one for all.</param>
    private sealed class Putting(ControlPlan control, ControlFrames frames, List<byte[]?> masks)
    {
        private int _next;
        private (byte[]? Mask, byte[]? Placed) _last;

        public bool Next(RgbImage picture)
        {
            var i = _next++;
            if (masks.Count > 1 && i >= masks.Count)
            {
                return true; // they are only counted
            }

            var mask = masks[Math.Min(i, masks.Count - 1)];
            if (_last.Placed is null || _last.Mask != mask)
            {
                _last = (mask, mask is null ? null : Into(mask, control.Place, frames, bytes: 1));
            }

            frames.Set(i, Into(Shown(picture, mask, control), control.Place, frames, bytes: 3), _last.Placed);
            if (masks.Count > 1)
            {
                masks[i] = null;
            }

            return true;
        }

        /// <summary>Shows the only picture in all frames that have a mask.</summary>
        public void Repeat(RgbImage picture)
        {
            while (_next < (masks.Count > 1 ? Math.Min(masks.Count, frames.Count) : frames.Count))
            {
                if (masks.Count > 1)
                {
                    Next(picture);
                }
                else
                {
                    frames.Set(_next++, frames.PictureOf(0)!, frames.MaskOf(0));
                }
            }
        }
    }
}
