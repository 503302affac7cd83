using System.Runtime.CompilerServices;
using WanSharp.Engine.Planning;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>Decodes the files that a clip is made after: clips at the rate of the one that is made, and pictures.</summary>
/// <remarks>Thread-safe. What is wrong with a file is what is wrong with the request, and no attempt more makes it right.</remarks>
/// <param name="ffmpeg">Finds ffmpeg, which reads all but WebP.</param>
internal sealed class ControlSource(Func<string?> ffmpeg)
{
    /// <summary>The frames of a file, or of the part of it, one at a time and at most as many as the clip has.</summary>
    /// <param name="file">The file.</param>
    /// <param name="plan">The clip.</param>
    /// <param name="take">Takes a frame; false ends the reading.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>How many frames were taken.</returns>
    /// <exception cref="InvalidRequestException">It cannot be read.</exception>
    public async Task<int> ReadAsync(ControlFile file, GenerationPlan plan, Func<RgbImage, bool> take, CancellationToken cancellationToken)
    {
        try
        {
            var count = 0;
            await foreach (var frame in FramesAsync(file, plan, cancellationToken).ConfigureAwait(false))
            {
                count++;
                if (!take(frame) || count == plan.Settings.Frames)
                {
                    break;
                }
            }

            return count;
        }
        catch (MediaException e)
        {
            throw new InvalidRequestException(file.Field, e.Message);
        }
    }

    /// <summary>A picture.</summary>
    /// <exception cref="InvalidRequestException">It cannot be read.</exception>
    public async Task<RgbImage> ReadPictureAsync(ControlFile file, CancellationToken cancellationToken)
    {
        try
        {
            return await ImageReader.ReadAsync(ffmpeg(), file.Path, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaException e)
        {
            throw new InvalidRequestException(file.Field, e.Message);
        }
    }

    /// <summary>Refuses a mask that ends before what it is for.</summary>
    /// <exception cref="InvalidRequestException">It does.</exception>
    public static void RequireAsLong(GenerationPlan plan, int masks, int pictures)
    {
        if (masks > 1 && masks < pictures)
        {
            var control = plan.Control!;
            throw new InvalidRequestException(
                control.Mask!.Field,
                FormattableString.Invariant(
                    $"{control.Mask.Path} has {masks} frames at {plan.Settings.ModelFps} a second, fewer than {pictures} of "
                ) + $"{control.Video!.Path}: give a mask as long, or a single picture."
            );
        }
    }

    private async IAsyncEnumerable<RgbImage> FramesAsync(
        ControlFile file,
        GenerationPlan plan,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (await ImageReader.IsStillAsync(file.Path, cancellationToken).ConfigureAwait(false))
        {
            yield return file.Part is { From: 0, To: null }
                ? await ImageReader.ReadAsync(ffmpeg(), file.Path, cancellationToken).ConfigureAwait(false)
                : throw new MediaException($"{file.Path} is a picture, which has no seconds: leave out what follows the @.");
            yield break;
        }

        var cut = new ClipCut(file.Part.From, file.Part.To, plan.Settings.ModelFps, plan.Settings.Frames);
        await foreach (var frame in VideoReader.ReadAsync(ffmpeg(), file.Path, cut, cancellationToken).ConfigureAwait(false))
        {
            yield return frame;
        }
    }
}
