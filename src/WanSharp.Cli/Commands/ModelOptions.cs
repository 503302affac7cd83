using System.CommandLine;
using WanSharp.Engine;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Runtime.Providers;

namespace WanSharp.Cli.Commands;

/// <summary>Which model, and those of its parts that are named by hand.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string> _model = CommonOptions.Model();

    private readonly Option<string?> _low = Part(
        PartOptions.LowNoise,
        "Wan 2.2's low-noise expert, if it is not found from the other one. The same file as --model-high: one transformer for all steps."
    );

    private readonly Option<string?> _high = Part(PartOptions.HighNoise, "Wan 2.2's high-noise expert.");

    private readonly Option<string?> _textEncoder = Part(
        PartOptions.TextEncoder,
        "The text encoder (umT5) instead of the one that is found: a file, or the name of one around the model."
    );

    private readonly Option<string?> _vae = Part(PartOptions.Vae, "The VAE instead of the one that is found.");

    private readonly Option<string?> _vision = Part(PartOptions.VisionEncoder, "CLIP's image encoder instead of the one that is found.");

    private readonly Option<string?> _tokenizer = Part(
        PartOptions.Tokenizer,
        "The tokenizer: a spiece.model, a tokenizer.json, or a checkpoint that carries one."
    );

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] options = [_model, _low, _high, _textEncoder, _vae, _vision, _tokenizer];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>
    /// The model's name or path, and the parts that were named. Without --model, the rest is looked for around an expert that was named.
    /// </summary>
    public (string Model, NamedParts Parts) Read(ParseResult parsed)
    {
        var parts = new NamedParts
        {
            LowNoise = parsed.GetValue(_low),
            HighNoise = parsed.GetValue(_high),
            TextEncoder = parsed.GetValue(_textEncoder),
            Vae = parsed.GetValue(_vae),
            VisionEncoder = parsed.GetValue(_vision),
            Tokenizer = parsed.GetValue(_tokenizer),
        }.WithFullPaths();
        var isNamed = parsed.GetResult(_model) is { Implicit: false };
        return ((isNamed ? null : parts.LowNoise ?? parts.HighNoise) ?? parsed.GetValue(_model)!, parts);
    }

    /// <summary>Whether a model, or a part of one, is named.</summary>
    public bool IsGiven(ParseResult parsed) =>
        parsed.GetResult(_model) is { Implicit: false } || parsed.GetValue(_low) is not null || parsed.GetValue(_high) is not null;

    /// <summary>The engine that benchmarks of clips measure: the model on the processor, whose clips are the same everywhere.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="threads">Threads that compute; null for one per physical core.</param>
    /// <param name="batchSize">The most clips that take a step together.</param>
    public EngineSettings Engine(ParseResult parsed, int? threads, int batchSize = 1)
    {
        var (model, parts) = Read(parsed);
        return new EngineSettings
        {
            Model = model,
            Parts = parts,
            Provider = ProviderProfiles.Cpu.ShortName,
            Threads = threads,
            Options = new EngineOptions { BatchSize = batchSize },
        };
    }

    /// <summary>Opens the model.</summary>
    public WanModel Open(ParseResult parsed, WanHost host)
    {
        var (model, parts) = Read(parsed);
        return host.OpenModel(model, parts);
    }

    private static Option<string?> Part(string name, string description) => new(name) { Description = description, HelpName = "FILE" };
}
