using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;

namespace WanSharp.Engine.Enhancing;

/// <summary>Makes a clip's frames for another rate by ffmpeg: those that are given stay as they are.</summary>
internal static class MotionFrames
{
    /// <summary>The frames of a clip at another rate.</summary>
    /// <param name="ffmpeg">The program; null for none.</param>
    /// <param name="from">The frames that are given.</param>
    /// <param name="fps">The frames per second that are wanted.</param>
    /// <param name="times">The rates.</param>
    /// <param name="frames">The frames that are given, as rgb24.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<byte[]> ApplyAsync(
        string? ffmpeg,
        ClipFormat from,
        double fps,
        FrameTimes times,
        IAsyncEnumerable<byte[]> frames,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var given = new Given(frames);
        var wanted = 0;
        var made = MotionInterpolator.InterpolateAsync(ffmpeg, from, fps, given.ReadAsync(cancellationToken), cancellationToken);
        await foreach (var frame in made.ConfigureAwait(false))
        {
            if (given.IsComplete && wanted >= times.Count(given.Count))
            {
                break; // it looked beyond the end
            }

            var (before, share) = times.At(wanted++);
            yield return given.Take(before, share == 0) ?? frame;
        }

        for (; wanted < times.Count(given.Count); wanted++) // where it has no frames left, the clip stands still
        {
            yield return given.Last;
        }
    }

    /// <summary>The given frames that a wanted one may still be.</summary>
    private sealed class Given(IAsyncEnumerable<byte[]> frames)
    {
        private readonly ConcurrentDictionary<int, byte[]> _frames = new();
        private volatile bool _isComplete;
        private volatile int _count;
        private volatile byte[] _last = [];
        private int _forgotten;

        public int Count => _count;

        public byte[] Last => _last;

        public bool IsComplete => _isComplete;

        public async IAsyncEnumerable<byte[]> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var frame in frames.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                _frames[_count] = frame;
                _last = frame;
                _count++;
                yield return frame;
            }

            _isComplete = true;
        }

        /// <summary>A given frame, if it is the wanted one; those before it are wanted no more.</summary>
        public byte[]? Take(int place, bool isWanted)
        {
            for (; _forgotten < place; _forgotten++)
            {
                _frames.TryRemove(_forgotten, out _);
            }

            return isWanted ? _frames.GetValueOrDefault(place) : null;
        }
    }
}
