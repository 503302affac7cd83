using WanSharp.Media;
using WanSharp.Media.Images;
using WanSharp.Runtime;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Compare;

/// <summary>Compares two clips frame by frame, two frames of each in memory.</summary>
/// <param name="runtime">Runs LPIPS's network; null where none is used.</param>
/// <param name="weights">LPIPS's weights; null to leave it out.</param>
public sealed class ClipComparer(OrtRuntime? runtime = null, PerceptualWeights? weights = null)
{
    /// <summary>Compares two clips of one size and length.</summary>
    /// <param name="actual">The clip that is judged: what messages call it, and its frames.</param>
    /// <param name="expected">The clip that it should equal.</param>
    /// <param name="most">The frames to compare; null: all, and both clips must have the same number.</param>
    /// <param name="observe">Receives each pair of frames with what was measured, in order. Default: null.</param>
    /// <param name="cancellationToken">Stops after a frame.</param>
    /// <exception cref="MediaException">The clips are of different sizes or lengths, too small, or have no frames.</exception>
    public async Task<ClipComparison> CompareAsync(
        (string Name, IAsyncEnumerable<RgbImage> Frames) actual,
        (string Name, IAsyncEnumerable<RgbImage> Frames) expected,
        int? most = null,
        Action<RgbImage, RgbImage, FrameComparison>? observe = null,
        CancellationToken cancellationToken = default
    )
    {
        var ours = actual.Frames.GetAsyncEnumerator(cancellationToken);
        await using var oursEnd = ours.ConfigureAwait(false);
        var theirs = expected.Frames.GetAsyncEnumerator(cancellationToken);
        await using var theirsEnd = theirs.ConfigureAwait(false);
        using var pass = new Pass(runtime, weights, cancellationToken);
        var frames = new List<FrameComparison>();
        while (frames.Count != most)
        {
            var (more, others) = (await ours.MoveNextAsync().ConfigureAwait(false), await theirs.MoveNextAsync().ConfigureAwait(false));
            if (!more && !others)
            {
                break;
            }

            if (more != others)
            {
                throw new MediaException(
                    $"{(more ? expected.Name : actual.Name)} ends after {frames.Count} frames, and {(more ? actual.Name : expected.Name)} "
                        + $"goes on: --frames {frames.Count} compares what both have."
                );
            }

            var (one, other) = (ours.Current, theirs.Current);
            if ((one.Width, one.Height) != (other.Width, other.Height))
            {
                throw new MediaException(
                    $"{actual.Name} has {one.Width}x{one.Height} pixels and {expected.Name} {other.Width}x{other.Height}: clips of one "
                        + "size can be compared."
                );
            }

            var measured = pass.Compare(one, other, actual.Name);
            frames.Add(measured);
            observe?.Invoke(one, other, measured);
        }

        return frames.Count > 0
            ? new ClipComparison(pass.Width, pass.Height, frames)
            : throw new MediaException($"{actual.Name} and {expected.Name} have no frames.");
    }

    /// <summary>One pass over two clips: what it keeps between frames.</summary>
    private sealed class Pass(OrtRuntime? runtime, PerceptualWeights? weights, CancellationToken cancellationToken) : IDisposable
    {
        private FrameComparer? _comparer;
        private PerceptualComparer? _perceptual;
        private (byte[] Actual, byte[] Expected)? _before;

        public int Width { get; private set; }

        public int Height { get; private set; }

        public FrameComparison Compare(RgbImage actual, RgbImage expected, string name)
        {
            var comparer = _comparer ??= Open(actual, name);
            if ((actual.Width, actual.Height) != (Width, Height))
            {
                throw new MediaException(
                    $"{name} changes from {Width}x{Height} to {actual.Width}x{actual.Height} pixels: nothing to compare."
                );
            }

            var quality = comparer.Compare(actual.Pixels, expected.Pixels);
            double? scales = comparer.HasScales ? comparer.CompareScales() : null;
            var perceptual = _perceptual?.Compare(actual.Pixels, expected.Pixels, cancellationToken);
            var (changes, motion, other) = ((double?)null, (double?)null, (double?)null);
            if (_before is { } before)
            {
                changes = comparer.CompareChanges((before.Actual, actual.Pixels), (before.Expected, expected.Pixels));
                motion = Motion.Of([before.Actual, actual.Pixels]);
                other = Motion.Of([before.Expected, expected.Pixels]);
            }

            _before = (actual.Pixels, expected.Pixels);
            return new FrameComparison(quality, scales, changes, perceptual, motion, other);
        }

        public void Dispose() => _perceptual?.Dispose();

        private FrameComparer Open(RgbImage first, string name)
        {
            (Width, Height) = (first.Width, first.Height);
            var least = Math.Max(FrameComparer.WindowLength, weights?.Config.LeastLength ?? 0);
            if (Math.Min(Width, Height) < least)
            {
                throw new MediaException($"{name} has {Width}x{Height} pixels: {least} a side are needed to compare.");
            }

            if (weights is not null)
            {
                _perceptual = new PerceptualComparer(
                    runtime ?? throw new InvalidOperationException("LPIPS needs a runtime."),
                    weights,
                    Width,
                    Height,
                    cancellationToken
                );
            }

            return new FrameComparer(Width, Height);
        }
    }
}
