using WanSharp.Engine.Requests;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Enhancing;

/// <summary>Makes a clip's frames for another rate: those that are given stay as they are, and a network makes the others.</summary>
/// <remarks>For one clip; not thread-safe.</remarks>
/// <param name="network">What makes them.</param>
/// <param name="size">The frames' size.</param>
/// <param name="times">The rates.</param>
internal sealed class FrameInterpolator(InterpolatorRunner network, ClipSize size, FrameTimes times) : IDisposable
{
    private Tensor? _before;
    private int _given;
    private int _wanted;

    /// <summary>Takes the next frame that is given.</summary>
    /// <param name="frame">rgb24.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>The wanted frames after the one before and up to it, each made when it is asked for.</returns>
    public IEnumerable<byte[]> Next(byte[] frame, CancellationToken cancellationToken)
    {
        var last = _given++;
        Tensor? after = null;
        try
        {
            for (; times.At(_wanted) is var (before, share) && (before < last || (before == last && share == 0)); _wanted++)
            {
                if (before == last)
                {
                    yield return frame;
                    continue;
                }

                after ??= Filled(frame);
                yield return Between(after, share, cancellationToken);
            }

            _before?.Dispose();
            _before = after ?? Filled(frame);
            after = null;
        }
        finally
        {
            after?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _before?.Dispose();

    private byte[] Between(Tensor after, float share, CancellationToken cancellationToken)
    {
        using var between = network.Between(_before!, after, share, cancellationToken);
        return RgbFrames.ToRgb24(between.Read<float>(), FilledFrames.Side(size.Width), size.Width, size.Height);
    }

    private Tensor Filled(byte[] frame)
    {
        using var whole = RgbFrames.Cut(frame, size.Width, size.Height, new FrameArea(0, 0, size.Width, size.Height));
        return FilledFrames.Fill(whole, size);
    }
}
