using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Commands;

/// <summary>What benchmarks of a network on random weights share: whose dimensions, the clip, how much of it, how often.</summary>
internal sealed class WorkloadOptions
{
    /// <summary>The types that a checkpoint of random weights can have, by name.</summary>
    public static readonly (string Name, DType Value)[] WeightTypes =
    [
        ("F32", DType.F32),
        ("F16", DType.F16),
        ("BF16", DType.BF16),
        ("F8", DType.F8E4M3),
        ("Q8_0", DType.Q80),
        ("Q4_K", DType.Q4K),
    ];

    private const int DefaultFrames = 17;

    private readonly CliEnvironment _environment;
    private readonly BenchmarkSubject _subject;
    private readonly int _defaultSide;
    private readonly int _defaultRuns;
    private readonly Option<string> _shape;
    private readonly Option<ClipSize?> _size;
    private readonly Option<int?> _frames;
    private readonly Option<int?>? _layers;
    private readonly Option<int?>? _runs;

    /// <param name="environment">Where random weights are kept.</param>
    /// <param name="subject">The network.</param>
    /// <param name="shape">The help of --shape.</param>
    /// <param name="runs">What --runs counts; null if there is no such option.</param>
    /// <param name="hasLayers">Whether a part of the network can be measured.</param>
    /// <param name="defaultRuns">How many runs there are unless --runs says otherwise.</param>
    /// <param name="defaultSide">The clip's width and height unless --size says otherwise.</param>
    public WorkloadOptions(
        CliEnvironment environment,
        BenchmarkSubject subject,
        string shape,
        string? runs,
        bool hasLayers = false,
        int defaultRuns = 3,
        int defaultSide = 256
    )
    {
        (_environment, _subject, _defaultRuns, _defaultSide) = (environment, subject, defaultRuns, defaultSide);
        _shape = Shape(shape);
        _size = SizeOption.Create($"Width and height of the clip in pixels. Default: {defaultSide}x{defaultSide}.");
        _frames = NumberOption.Create<int>("--frames", $"Frames of the clip: 4n+1. Default: {DefaultFrames}.", "N");
        _layers = hasLayers ? Layers("Number of blocks, for networks that are too large for this machine. Default: all.") : null;
        _runs = runs is null ? null : AtLeastOne("--runs", $"{runs} Default: {defaultRuns}.");
    }

    /// <summary>Whose dimensions a network has.</summary>
    public static Option<string> Shape(string description) =>
        ChoiceOption.Create("--shape", description, [.. BenchmarkOptions.ShapeNames.Select(name => (name, name))]);

    /// <summary>How many blocks a network has.</summary>
    public static Option<int?> Layers(string description) => AtLeastOne("--layers", description);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option?[] { _shape, _size, _frames, _layers, _runs })
        {
            if (option is not null)
            {
                command.Options.Add(option);
            }
        }
    }

    /// <summary>What the options ask for.</summary>
    public BenchmarkOptions Read(ParseResult parsed)
    {
        var size = parsed.GetValue(_size) ?? new ClipSize(_defaultSide, _defaultSide);
        return new BenchmarkOptions
        {
            Subject = _subject,
            Shape = parsed.GetValue(_shape)!,
            Width = size.Width,
            Height = size.Height,
            Frames = parsed.GetValue(_frames) ?? DefaultFrames,
            Layers = _layers is null ? null : parsed.GetValue(_layers),
            Runs = (_runs is null ? null : parsed.GetValue(_runs)) ?? _defaultRuns,
            CacheFolder = _environment.Host.Options.CacheFolder,
        };
    }

    private static Option<int?> AtLeastOne(string name, string description)
    {
        var option = NumberOption.Create<int>(name, description, "N");
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 1)
            {
                result.AddError($"{name} takes 1 or more.");
            }
        });
        return option;
    }
}
