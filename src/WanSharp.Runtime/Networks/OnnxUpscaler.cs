using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Enlarges frames by a network that comes as an ONNX file: any that takes one colour picture and gives one of a whole multiple of its
/// size. What the file does not say (the multiple, the sides that it takes, whether colours go to 1 or to 255) is tried once, with grey.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class OnnxUpscaler : IFrameEnlarger, IDisposable
{
    private const int Colors = 3;
    private const int LargestScale = 8;
    private const int Smallest = 16; // pixels of a side
    private const int Tried = 64; // pixels of a side that is tried, and some more
    private const float Off = 0.1f; // what grey may be off by: networks are trained on pictures, which are rarely of one colour

    private static readonly int[] Multiples = [1, 2, 4, 8, 16, 32, 64];
    private static readonly float[] Ranges = [1, 255];
    private static readonly float[] Greys = [0.25f, 0.75f];

    private readonly Session _session;
    private readonly ValueInfo _input;
    private readonly string _output;
    private readonly (int Height, int Width)? _only; // the one size that it takes
    private float _range = 1;

    private OnnxUpscaler(string path, Session session)
    {
        (Path, _session) = (path, session);
        if (session is not { Inputs: [var input], Outputs: [var output] })
        {
            throw Other($"it takes {List(session.Inputs)} and gives {List(session.Outputs)}");
        }

        if (!IsPicture(input) || !IsPicture(output))
        {
            throw Other($"it takes {input} and gives {output}");
        }

        (_input, _output) = (input, output.Name);
        _only =
            (input.Dimensions[2].Length, input.Dimensions[3].Length) is (>= Smallest and var height, >= Smallest and var width)
                ? ((int)height, (int)width)
            : (input.Dimensions[2].Length, input.Dimensions[3].Length) is (null, null) ? null
            : throw Other($"it takes {input}, whose sides are neither open nor both {Smallest} pixels or more");
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public int Scale { get; private set; }

    /// <inheritdoc/>
    public int Multiple { get; private set; } = 1;

    /// <summary>The largest tile that it takes, of pixels down and across; null for any.</summary>
    public (int Height, int Width)? LargestTile => _only;

    /// <summary>Opens a file.</summary>
    /// <param name="runtime">The runtime that executes; it must outlive the result.</param>
    /// <param name="path">The file.</param>
    /// <param name="settings">How it is compiled.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="CheckpointException">It cannot be run, or does something else.</exception>
    public static OnnxUpscaler Open(OrtRuntime runtime, string path, SessionSettings settings, CancellationToken cancellationToken)
    {
        Session? session = null;
        try
        {
            var named = settings with { Name = System.IO.Path.GetFileName(path), MemoryPattern = false }; // tiles differ in size
            session = runtime.CreateSession(path, named, cancellationToken);
            var upscaler = new OnnxUpscaler(path, session);
            upscaler.Try(cancellationToken);
            return upscaler;
        }
        catch (Exception e) when (e is OrtException or NotSupportedException)
        {
            session?.Dispose();
            throw new CheckpointException(path, $"ONNX Runtime cannot run it: {e.Message}", e);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Tensor Enlarge(Tensor frames, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var (height, width) = ((int)frames.Shape[2], (int)frames.Shape[3]);
        if (_only is not { } only || (height, width) == only)
        {
            return Run(frames, cancellationToken);
        }

        using var filled = Copy(frames, only.Height, only.Width);
        using var enlarged = Run(filled, cancellationToken);
        return Copy(enlarged, height * Scale, width * Scale);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static bool IsPicture(ValueInfo value) =>
        value is { DType: DType.F32 or DType.F16, Dimensions: [{ Length: null or 1 }, { Length: null or Colors }, _, _] };

    private static string List(IReadOnlyList<ValueInfo> values) => values.Count == 0 ? "nothing" : string.Join(", ", values);

    private CheckpointException Other(string what) =>
        new(Path, $"{what}: a network that enlarges frames takes one picture, float [1, 3, height, width], and gives one.");

    /// <summary>Finds out what the file does not say.</summary>
    private void Try(CancellationToken cancellationToken)
    {
        if (!Array.Exists(_only is null ? Multiples : [1], multiple => TryMultiple(multiple, cancellationToken)))
        {
            throw Other("it gives no picture of a whole multiple of what it takes");
        }

        var (height, width) = Size(Multiple);
        _range = Array.Find(Ranges, range => Array.TrueForAll(Greys, grey => GivesBack(grey, range, height, width, cancellationToken)));
        if (_range == 0)
        {
            throw Other("it does not give grey for grey, whether colours go to 1 or to 255");
        }
    }

    /// <summary>Sides that are multiples of a number and not of twice it, and that differ.</summary>
    private (int Height, int Width) Size(int multiple) => _only ?? (Tried + multiple, Tried + (3 * multiple));

    private bool TryMultiple(int multiple, CancellationToken cancellationToken)
    {
        var (height, width) = Size(multiple);
        try
        {
            using var grey = Grey(0.5f, height, width);
            using var made = Run(grey, cancellationToken);
            var scale = (int)(made.Shape[2] / height);
            if (made.Shape is not { Rank: 4 } || made.Shape != [1, Colors, scale * height, scale * width] || scale is < 1 or > LargestScale)
            {
                return false;
            }

            (Scale, Multiple) = (scale, multiple);
            return true;
        }
        catch (OrtException) when (_only is null && multiple != Multiples[^1])
        {
            return false; // it takes other sides
        }
    }

    private bool GivesBack(float level, float range, int height, int width, CancellationToken cancellationToken)
    {
        _range = range;
        using var grey = Grey(level, height, width);
        using var made = Run(grey, cancellationToken);
        var plane = made.Read<float>().Length / Colors;
        for (var color = 0; color < Colors; color++)
        {
            var mean = System.Numerics.Tensors.TensorPrimitives.Sum(made.Read<float>().Slice(color * plane, plane)) / plane;
            if (!(Math.Abs(mean - level) <= Off))
            {
                return false;
            }
        }

        return true;
    }

    private static Tensor Grey(float level, int height, int width)
    {
        var picture = Tensor.Zeros(DType.F32, [1, Colors, height, width]);
        picture.Write<float>().Fill(level);
        return picture;
    }

    /// <summary>Runs the network on values of 0 to 1.</summary>
    private Tensor Run(Tensor frames, CancellationToken cancellationToken)
    {
        using var scaled = Scaled(frames, _range);
        using var input = scaled.ConvertTo(_input.DType);
        using var run = _session.Prepare();
        run.SetInput(_input.Name, input);
        using var result = run.Run(cancellationToken);
        using var made = result[_output].CopyToHost(cancellationToken);
        using var floats = made.ConvertTo(DType.F32);
        return Scaled(floats, 1 / _range);
    }

    private static Tensor Scaled(Tensor values, float factor)
    {
        var scaled = Tensor.Zeros(DType.F32, values.Shape);
        System.Numerics.Tensors.TensorPrimitives.Multiply(values.Read<float>(), factor, scaled.Write<float>());
        return scaled;
    }

    /// <summary>Frames with other sides: cut, or with their last pixels repeated.</summary>
    private static Tensor Copy(Tensor frames, int height, int width)
    {
        var (fromHeight, fromWidth) = ((int)frames.Shape[2], (int)frames.Shape[3]);
        var result = Tensor.Zeros(DType.F32, [1, Colors, height, width]);
        var source = frames.Read<float>();
        var target = result.Write<float>();
        for (var color = 0; color < Colors; color++)
        {
            for (var y = 0; y < height; y++)
            {
                var row = source.Slice(((color * fromHeight) + Math.Min(y, fromHeight - 1)) * fromWidth, fromWidth);
                var to = target.Slice(((color * height) + y) * width, width);
                row[..Math.Min(fromWidth, width)].CopyTo(to);
                to[Math.Min(fromWidth, width)..].Fill(row[^1]);
            }
        }

        return result;
    }
}
