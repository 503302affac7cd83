using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>
/// The windows of a clip in each of its steps: a shot can be longer than the clips that the model was made for, and a pass costs what one
/// of these does.
/// </summary>
/// <remarks>
/// Immutable. They begin elsewhere in each step, so that what one window shows reaches the next and no frame is always at a seam; how far
/// follows from the step's number alone. The first begins with the clip and the last one ends with it. Known from ComfyUI's context
/// windows (uniform) and from MultiDiffusion (arXiv 2302.08113); the noise that windows share is FreeNoise's (arXiv 2310.15169).
/// </remarks>
internal sealed class MovingWindows
{
    // Its multiples, without whole parts, are far from each other however many there are.
    private const double GoldenRatio = 0.6180339887498949;

    private readonly FrameWindows[] _divisions; // by how far windows begin before those of step 0

    /// <param name="frames">The clip's latent frames, without those of references; more than a window has.</param>
    /// <param name="length">A window's.</param>
    /// <param name="overlap">The fewest that a window has in common with the one before it: at least 1, and fewer than its own.</param>
    /// <param name="references">Latent frames of reference pictures in front of the clip's.</param>
    public MovingWindows(int frames, int length, int overlap, int references)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(length, frames);
        ArgumentOutOfRangeException.ThrowIfLessThan(overlap, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(overlap, length);
        var stride = length - overlap;
        _divisions = [.. Enumerable.Range(0, stride).Select(Division)];
        Most = _divisions.Max(division => division.All.Count);

        FrameWindows Division(int earlier)
        {
            var last = frames - length;
            var inner = Enumerable
                .Range(0, (frames / stride) + 1)
                .Select(i => (i * stride) - earlier)
                .Where(start => start > 0 && start < last);
            return new FrameWindows(frames, length, [0, .. inner, last], references);
        }
    }

    /// <summary>The most windows of a step.</summary>
    public int Most { get; }

    /// <summary>The windows of a step, from 0.</summary>
    public FrameWindows At(int step) => _divisions[(int)(_divisions.Length * (step * GoldenRatio % 1))];

    /// <inheritdoc cref="FrameWindows.ShapeOf"/>
    public Shape ShapeOf(Shape whole) => _divisions[0].ShapeOf(whole);
}
