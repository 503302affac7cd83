using System.Numerics.Tensors;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>
/// A clip's latent frames in windows that overlap. The network sees one at a time, and what it says of a frame that several windows have
/// is their weighted mean: a window weighs less towards its ends, where it overlaps with another one.
/// </summary>
/// <remarks>Immutable. Latent frames of reference pictures are in front of each window.</remarks>
internal sealed class FrameWindows
{
    private readonly int _frames;
    private readonly int _length;
    private readonly int _references;

    /// <param name="frames">The clip's latent frames, without those of references.</param>
    /// <param name="length">A window's.</param>
    /// <param name="starts">Where windows begin, in order: the first at 0, the last one ends with the clip, and neighbours overlap.</param>
    /// <param name="references">Latent frames of reference pictures in front of the clip's.</param>
    public FrameWindows(int frames, int length, IReadOnlyList<int> starts, int references)
    {
        (_frames, _length, _references) = (frames, length, references);
        All = Weigh(starts);
    }

    /// <summary>The windows, from the first frame to the last one.</summary>
    public IReadOnlyList<FrameWindow> All { get; }

    /// <summary>The shape of a window of tensors that have all frames, <c>[1, channels, frames, height, width]</c>.</summary>
    public Shape ShapeOf(Shape whole) => [whole[0], whole[1], _references + _length, whole[3], whole[4]];

    /// <summary>Copies a window's frames.</summary>
    /// <param name="window">Which window, from 0.</param>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="whole">All frames, <c>[channels, frames, …]</c>, with those of references.</param>
    /// <param name="part">Receives the window, <c>[channels, window frames, …]</c>.</param>
    public void Take(int window, int channels, ReadOnlySpan<float> whole, Span<float> part)
    {
        var area = whole.Length / channels / (_references + _frames);
        for (var channel = 0; channel < channels; channel++)
        {
            var from = whole.Slice(channel * (_references + _frames) * area, (_references + _frames) * area);
            var to = part.Slice(channel * (_references + _length) * area, (_references + _length) * area);
            from[..(_references * area)].CopyTo(to);
            from.Slice((_references + All[window].Start) * area, _length * area).CopyTo(to[(_references * area)..]);
        }
    }

    /// <summary>Adds what a window says to what the others do, each by its weight.</summary>
    /// <param name="window">Which window, from 0.</param>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="part">The window, <c>[channels, window frames, …]</c>.</param>
    /// <param name="whole">All frames, <c>[channels, frames, …]</c>: zeros before the first window.</param>
    public void Add(int window, int channels, ReadOnlySpan<float> part, Span<float> whole)
    {
        var area = whole.Length / channels / (_references + _frames);
        for (var channel = 0; channel < channels; channel++)
        {
            for (var frame = 0; frame < _references + _length; frame++)
            {
                var isReference = frame < _references; // which all windows have
                var weight = isReference ? 1f / All.Count : All[window].Weights[frame - _references];
                var at = isReference ? frame : frame + All[window].Start;
                var to = whole.Slice(((channel * (_references + _frames)) + at) * area, area);
                var from = part.Slice(((channel * (_references + _length)) + frame) * area, area);
                TensorPrimitives.MultiplyAdd(from, weight, to, to);
            }
        }
    }

    /// <summary>
    /// Has each window begin with the noise of the first one, so that they begin to show the same: of the frames that it does not share
    /// with the one before it, in another order.
    /// </summary>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="noise">Noise of all frames, <c>[channels, frames, …]</c>.</param>
    /// <param name="order">A number for each of the clip's frames, by which those that are taken again are put in order.</param>
    public void ShareNoise(int channels, Span<float> noise, IReadOnlyList<float> order)
    {
        var origins = Enumerable.Range(0, _frames).ToArray();
        foreach (var (before, window) in All.Zip(All.Skip(1)))
        {
            var left = Enumerable.Range(before.Start, window.Start - before.Start).OrderBy(frame => order[frame + _length]);
            foreach (var (i, frame) in left.Index())
            {
                origins[before.Start + _length + i] = origins[frame];
            }
        }

        var area = noise.Length / channels / (_references + _frames);
        for (var channel = 0; channel < channels; channel++)
        {
            var frames = noise.Slice(((channel * (_references + _frames)) + _references) * area, _frames * area);
            for (var frame = _length; frame < _frames; frame++)
            {
                frames.Slice(origins[frame] * area, area).CopyTo(frames[(frame * area)..]); // an origin is in the first window
            }
        }
    }

    /// <summary>Weights that rise and fall in a straight line over each overlap, as shares of all at a frame.</summary>
    private FrameWindow[] Weigh(IReadOnlyList<int> starts)
    {
        var sums = new double[_frames];
        var heights = new double[starts.Count][];
        for (var i = 0; i < starts.Count; i++)
        {
            var before = i == 0 ? 0 : starts[i - 1] + _length - starts[i];
            var after = i == starts.Count - 1 ? 0 : starts[i] + _length - starts[i + 1];
            heights[i] = [.. Enumerable.Range(0, _length).Select(frame => Math.Min(Ramp(frame + 1, before), Ramp(_length - frame, after)))];
            for (var frame = 0; frame < _length; frame++)
            {
                sums[starts[i] + frame] += heights[i][frame];
            }
        }

        return
        [
            .. starts.Select(
                (start, i) => new FrameWindow(start, [.. heights[i].Select((height, at) => (float)(height / sums[start + at]))])
            ),
        ];

        static double Ramp(int place, int overlap) => Math.Min(1, place / (overlap + 1.0));
    }
}
