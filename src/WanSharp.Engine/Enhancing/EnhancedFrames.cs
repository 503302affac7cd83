using System.Runtime.CompilerServices;

namespace WanSharp.Engine.Enhancing;

/// <summary>Frames as they come, made more or larger one after another, each step of it where the caller computes.</summary>
internal static class EnhancedFrames
{
    /// <summary>Computes a step: a frame, or null where there is none to show for it.</summary>
    public delegate Task<byte[]?> Run(Func<byte[]?> step);

    /// <summary>Frames at another rate, made by a network.</summary>
    public static async IAsyncEnumerable<byte[]> BetweenAsync(
        FrameInterpolator interpolator,
        IAsyncEnumerable<byte[]> frames,
        Run run,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var frame in frames.ConfigureAwait(false))
        {
            using var made = interpolator.Next(frame, cancellationToken).GetEnumerator();
            while (await run(() => made.MoveNext() ? made.Current : null).ConfigureAwait(false) is { } wanted)
            {
                yield return wanted;
            }
        }
    }

    /// <summary>Larger frames, each enlarged a tile at a time.</summary>
    public static async IAsyncEnumerable<byte[]> EnlargedAsync(
        FrameUpscaler upscaler,
        IAsyncEnumerable<byte[]> frames,
        Run run,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var frame in frames.ConfigureAwait(false))
        {
            using var tiles = upscaler.Enlarge(frame, cancellationToken).GetEnumerator();
            byte[]? enlarged = null;
            while (enlarged is null)
            {
                enlarged = await run(() => tiles.MoveNext() ? tiles.Current : null).ConfigureAwait(false);
            }

            yield return enlarged;
        }
    }
}
