using System.Globalization;
using WanSharp.Engine.Planning;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;

namespace WanSharp.Engine.Features;

/// <summary>Reads what a clip follows, in the clip's own size, rate and length.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="ffmpeg">Finds ffmpeg, which reads all but WebP.</param>
internal sealed class ControlReader(Func<string?> ffmpeg)
{
    private const int LightestKept = 127; // of 255: what is lighter is made anew

    /// <summary>
    /// The frames of a plan's control, at the rate of the clip that is made and as many as it has: what is over is not read, and frames
    /// that the control does not have are made anew. A single picture is shown all the time, unless it is kept: then it is the first
    /// frame. Images that are given for frames are kept.
    /// </summary>
    /// <exception cref="MediaException">A file cannot be read, or a mask is shorter than what it is for.</exception>
    public async Task<ControlFrames> ReadAsync(GenerationPlan plan, CancellationToken cancellationToken)
    {
        var (control, settings) = (plan.Control!, plan.Settings);
        var frames = new ControlFrames(settings.Width, settings.Height, settings.Frames);
        if (control.Video is not null)
        {
            await ReadVideoAsync(plan, control, frames, cancellationToken).ConfigureAwait(false);
        }

        foreach (var (latentFrame, image) in plan.GivenFrames)
        {
            var picture = ImageTensors.Cover(image, frames.Width, frames.Height).Pixels;
            frames.Set(FrameOf(plan, latentFrame), picture, new byte[frames.Width * frames.Height]);
        }

        foreach (var file in control.References)
        {
            var image = await ImageReader.ReadAsync(ffmpeg(), file.Path, cancellationToken).ConfigureAwait(false);
            frames.References.Add(OnWhite(image, frames.Width, frames.Height));
        }

        return frames;
    }

    /// <summary>The frame of video that an image for a latent frame gives: the last of those that the latent frame stands for.</summary>
    private static int FrameOf(GenerationPlan plan, int latentFrame) =>
        plan.LatentFrames == 1 ? 0 : latentFrame * ((plan.Settings.Frames - 1) / (plan.LatentFrames - 1));

    private async Task ReadVideoAsync(GenerationPlan plan, ControlPlan control, ControlFrames frames, CancellationToken cancellationToken)
    {
        var place = control.Place;
        var pictures = await ReadAsync(
                plan,
                control.Video!,
                image => ImageTensors.Cover(image, place.Width, place.Height),
                cancellationToken
            )
            .ConfigureAwait(false);
        var masks = control.Mask is null
            ? null
            : await ReadAsync(plan, control.Mask, image => MaskOf(image, control), cancellationToken).ConfigureAwait(false);
        if (pictures.Count == 1 && !control.Keeps)
        {
            pictures = [.. Enumerable.Repeat(pictures[0], masks is { Count: > 1 } ? Math.Min(masks.Count, frames.Count) : frames.Count)];
        }

        if (masks is { Count: > 1 } && masks.Count < pictures.Count)
        {
            throw new MediaException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{control.Mask!.Path} has {masks.Count} frames at {plan.Settings.ModelFps} a second, fewer than {pictures.Count} of "
                        + $"{control.Video!.Path}: give a mask as long, or a single picture."
                )
            );
        }

        var nothing = control.Keeps ? new byte[place.Width * place.Height] : null;
        for (var i = 0; i < pictures.Count; i++)
        {
            var mask = masks is null ? nothing : masks[Math.Min(i, masks.Count - 1)];
            frames.Set(
                i,
                Into(Shown(pictures[i], mask, control), place, frames, bytes: 3),
                mask is null ? null : Into(mask, place, frames, bytes: 1)
            );
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
            if (mask[i] == ControlFrames.Kept)
            {
                picture.Pixels.AsSpan(3 * i, 3).CopyTo(followed.AsSpan(3 * i));
            }
        }

        return followed;
    }

    /// <summary>The frames of a part of a clip, each turned into what is kept of it at once: as many as the clip has.</summary>
    private async Task<List<T>> ReadAsync<T>(
        GenerationPlan plan,
        ControlFile file,
        Func<RgbImage, T> turn,
        CancellationToken cancellationToken
    )
    {
        if (await ImageReader.IsStillAsync(file.Path, cancellationToken).ConfigureAwait(false))
        {
            return file.Part is { From: 0, To: null }
                ? [turn(await ImageReader.ReadAsync(ffmpeg(), file.Path, cancellationToken).ConfigureAwait(false))]
                : throw new MediaException($"{file.Path} is a picture, which has no seconds: leave out what follows the @.");
        }

        var frames = new List<T>();
        var cut = new ClipCut(file.Part.From, file.Part.To, plan.Settings.ModelFps, plan.Settings.Frames);
        await foreach (var image in VideoReader.ReadAsync(ffmpeg(), file.Path, cut, cancellationToken).ConfigureAwait(false))
        {
            frames.Add(turn(image));
            if (frames.Count == plan.Settings.Frames)
            {
                break;
            }
        }

        return frames;
    }

    /// <summary>What is white in a picture is made anew.</summary>
    private static byte[] MaskOf(RgbImage image, ControlPlan control)
    {
        var shown = ImageTensors.Cover(image, control.Place.Width, control.Place.Height);
        var mask = new byte[shown.Width * shown.Height];
        var white = control.IsHidden ? ControlFrames.Blank : ControlFrames.Made;
        for (var i = 0; i < mask.Length; i++)
        {
            mask[i] = shown.Pixels[3 * i] > LightestKept ? white : ControlFrames.Kept; // red, as the official code reads it
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
        frame.AsSpan().Fill(ControlFrames.Blank);
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
}
