using System.Runtime.CompilerServices;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Previews;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Models.Enhancers;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// Decodes a clip, makes more and larger frames where that is asked for, and writes it at the same time: frames wait for a slow writer in a
/// queue, up to a bound; then decoding waits too.
/// </summary>
/// <remarks>Thread-safe. A writer that waits keeps no lane from other clips.</remarks>
internal sealed class ClipDecoder(FrameNetworks networks, ComputeLanes lanes, Func<string?> ffmpeg)
{
    private const int FewestFrames = 8;
    private const int FewestLargeFrames = 2;
    private const int QueueBytes = 16 << 20;

    /// <param name="clip">Whose latents they are.</param>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="frames">Takes the frames.</param>
    public async Task RunAsync(ClipRun clip, Tensor latents, IFrameWriter frames)
    {
        var fewest = clip.Plan.Upscaler is null ? FewestFrames : FewestLargeFrames;
        var most = Math.Max(fewest, QueueBytes / clip.Plan.Format.FrameBytes);
        await WriteAsync(clip, FrameQueue.AheadAsync(token => MakeAsync(clip, latents, token), most, clip.Cancelled), frames)
            .ConfigureAwait(false);
    }

    /// <summary>A clip's latents as pictures, at once: for a decoder whose clips are cheap.</summary>
    public async Task<PreviewPictures> PicturesAsync(ClipRun clip, Tensor latents)
    {
        using var decoder = networks.Vaes.Begin(clip.Plan.Decoder);
        var once = clip with { Bytes = clip.Bytes with { Decode = clip.Bytes.Decode + clip.Bytes.Held } };
        return await lanes.RunAsync(once, GenerationStage.Decode, Make).ConfigureAwait(false);

        PreviewPictures Make()
        {
            var started = clip.Clock.Time.GetTimestamp(); // waiting for a lane costs nothing
            var pieces = FrameDecoder.Decode(decoder.Runner, latents, clip.Plan.VaeTiles, clip.Cancelled);
            var frames = pieces.SelectMany(piece => piece).ToList();
            var size = clip.Plan.Settings.DecodedSize;
            return new PreviewPictures(size.Width, size.Height, frames) { Making = clip.Clock.Time.GetElapsedTime(started) };
        }
    }

    /// <summary>A clip's frames as they are written.</summary>
    private IAsyncEnumerable<byte[]> MakeAsync(ClipRun clip, Tensor latents, CancellationToken cancellationToken)
    {
        var frames = DecodedAsync(clip, latents, cancellationToken);
        frames = clip.Plan.Settings.Interpolate is { } between ? InterpolatedAsync(clip, between, frames, cancellationToken) : frames;
        return clip.Plan.Upscaler is null ? frames : UpscaledAsync(clip, frames, cancellationToken);
    }

    /// <summary>A clip's frames, decoded a latent frame at a time.</summary>
    private async IAsyncEnumerable<byte[]> DecodedAsync(
        ClipRun clip,
        Tensor latents,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stage = clip.Clock.Enter(GenerationStage.Decode);
        using var decoder = networks.Vaes.Begin(clip.Plan.Decoder);
        using var pieces = FrameDecoder.Decode(decoder.Runner, latents, clip.Plan.VaeTiles, cancellationToken).GetEnumerator();
        while (
            await lanes.RunAsync(clip, GenerationStage.Decode, () => pieces.MoveNext() ? pieces.Current : null).ConfigureAwait(false)
                is { } piece
        )
        {
            foreach (var frame in piece)
            {
                yield return frame;
            }
        }
    }

    /// <summary>Frames at the clip's rate, made of those of the model.</summary>
    private IAsyncEnumerable<byte[]> InterpolatedAsync(
        ClipRun clip,
        UsedInterpolation between,
        IAsyncEnumerable<byte[]> frames,
        CancellationToken cancellationToken
    )
    {
        var settings = clip.Plan.Settings;
        var times = new FrameTimes(between.FromFps, settings.Fps);
        if (clip.Plan.Interpolator is { } file)
        {
            return BetweenAsync(clip, file, times, frames, cancellationToken);
        }

        var size = settings.DecodedSize;
        var format = new ClipFormat(size.Width, size.Height, settings.Frames, between.FromFps);
        return MotionFrames.ApplyAsync(ffmpeg(), format, settings.Fps, times, frames, cancellationToken);
    }

    /// <summary>Frames at the clip's rate, made by a network.</summary>
    private async IAsyncEnumerable<byte[]> BetweenAsync(
        ClipRun clip,
        EnhancerFile file,
        FrameTimes times,
        IAsyncEnumerable<byte[]> frames,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stage = clip.Clock.Enter(GenerationStage.Enhance);
        using var network = networks.Interpolators.Begin(file);
        using var interpolator = new FrameInterpolator(network.Runner, clip.Plan.Settings.DecodedSize, times);
        var made = EnhancedFrames.BetweenAsync(interpolator, frames, step => EnhanceAsync(clip, step), cancellationToken);
        await foreach (var frame in made.ConfigureAwait(false))
        {
            yield return frame;
        }
    }

    /// <summary>Larger frames, each enlarged a tile at a time.</summary>
    private async IAsyncEnumerable<byte[]> UpscaledAsync(
        ClipRun clip,
        IAsyncEnumerable<byte[]> frames,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stage = clip.Clock.Enter(GenerationStage.Enhance);
        using var network = networks.Upscalers.Begin(clip.Plan.Upscaler!);
        var settings = clip.Plan.Settings;
        var upscaler = new FrameUpscaler(network.Runner, settings.DecodedSize, settings.OutputSize, clip.Plan.UpscaleTiles);
        var enlarged = EnhancedFrames.EnlargedAsync(upscaler, frames, step => EnhanceAsync(clip, step), cancellationToken);
        await foreach (var frame in enlarged.ConfigureAwait(false))
        {
            yield return frame;
        }
    }

    private Task<byte[]?> EnhanceAsync(ClipRun clip, Func<byte[]?> step) => lanes.RunAsync(clip, GenerationStage.Enhance, step);

    private static async Task WriteAsync(ClipRun clip, IAsyncEnumerable<byte[]> made, IFrameWriter frames)
    {
        using var stage = clip.Clock.Enter(GenerationStage.Write);
        var written = 0;
        await foreach (var frame in made.ConfigureAwait(false))
        {
            clip.Report(GenerationStage.Decode, written++, clip.Plan.Format.Frames);
            using (clip.Clock.Work(GenerationStage.Write))
            {
                await frames.WriteAsync(frame, clip.Cancelled).ConfigureAwait(false);
            }
        }
    }
}
