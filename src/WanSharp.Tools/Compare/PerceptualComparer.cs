using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Tools.Compare;

/// <summary>Measures LPIPS between pictures of one size. For one thread at a time.</summary>
public sealed class PerceptualComparer : IDisposable
{
    private const int Colors = 3;

    private readonly Session _session;
    private readonly PreparedRun _run;
    private readonly Tensor _actual; // [1, 3, height, width]
    private readonly Tensor _expected;
    private readonly Tensor _distance;

    /// <summary>Compiles the network.</summary>
    /// <param name="runtime">Runs it; stays the caller's.</param>
    /// <param name="weights">Its weights; they must outlive the comparer.</param>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    /// <exception cref="ArgumentOutOfRangeException">The pictures are too small for the network.</exception>
    public PerceptualComparer(
        OrtRuntime runtime,
        PerceptualWeights weights,
        int width,
        int height,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, weights.Config.LeastLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, weights.Config.LeastLength);
        var graph = PerceptualDistance.Write(weights.Config);
        _session = runtime.CreateSession(graph.ToBytes(), new SessionSettings { Name = graph.Name }, weights.For(graph), cancellationToken);
        (_actual, _expected) = (Tensor.Zeros(DType.F32, [1, Colors, height, width]), Tensor.Zeros(DType.F32, [1, Colors, height, width]));
        _distance = Tensor.Zeros(DType.F32, [1, 1, 1, 1]);
        _run = _session.Prepare();
        _run.SetInput("actual", _actual);
        _run.SetInput("expected", _expected);
        _run.SetOutput("distance", _distance);
    }

    /// <summary>The distance of two pictures: 0 for equal ones, about 1 for unrelated ones.</summary>
    /// <param name="actual">Red, green and blue of each pixel, row by row.</param>
    /// <param name="expected">The other, alike.</param>
    /// <param name="cancellationToken">Stops the network.</param>
    public double Compare(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected, CancellationToken cancellationToken = default)
    {
        Fill(actual, _actual.Write<float>());
        Fill(expected, _expected.Write<float>());
        using (_run.Run(cancellationToken))
        {
            return _distance.Read<float>()[0];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
        _actual.Dispose();
        _expected.Dispose();
        _distance.Dispose();
    }

    private static void Fill(ReadOnlySpan<byte> picture, Span<float> planes)
    {
        var plane = planes.Length / Colors;
        ArgumentOutOfRangeException.ThrowIfNotEqual(picture.Length, planes.Length);
        for (var i = 0; i < picture.Length; i++)
        {
            planes[(i % Colors * plane) + (i / Colors)] = (picture[i] / 127.5f) - 1;
        }
    }
}
