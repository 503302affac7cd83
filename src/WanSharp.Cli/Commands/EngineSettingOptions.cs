using System.CommandLine;
using WanSharp.Engine;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Planning;
using WanSharp.Hosting;
using WanSharp.Runtime;

namespace WanSharp.Cli.Commands;

/// <summary>The model, and what computes it: the options of an engine, of every command that opens one.</summary>
/// <param name="without">Options that the command has no use for.</param>
internal sealed class EngineSettingOptions(EngineParts without = EngineParts.None)
{
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<IReadOnlyDictionary<string, string>> _providerOptions = CommonOptions.ProviderOptions();
    private readonly Option<ValueTuple<Precision?>> _precision = CommonOptions.PrecisionOption();
    private readonly Option<LoraMode> _loraMode = CommonOptions.LoraModeOption();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<VaeTileChoice> _vaeTile = CommonOptions.VaeTile();
    private readonly EngineLimitOptions _limits = new();
    private readonly CompileOptions _compile = new();

    /// <summary>Which model.</summary>
    public ModelOptions Model { get; } = new();

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] options =
        [
            .. Has(EngineParts.Provider) ? (Option[])[_provider, _providerOptions] : [],
            .. Has(EngineParts.Precision) ? (Option[])[_precision] : [],
            .. Has(EngineParts.Loras) ? (Option[])[_loraMode] : [],
            _threads,
            _vaeTile,
            .. Has(EngineParts.Limits) ? _limits.All : [],
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        Model.AddTo(command);
        if (Has(EngineParts.Compile))
        {
            _compile.AddTo(command);
        }
    }

    /// <summary>What is asked for.</summary>
    public EngineSettings Read(ParseResult parsed)
    {
        var (model, parts) = Model.Read(parsed);
        var usual = new EngineSettings();
        return _limits.With(
            parsed,
            new EngineSettings
            {
                Model = model,
                Parts = parts,
                Provider = parsed.GetValue(_provider) ?? usual.Provider, // null where the command has no such option
                ProviderOptions = parsed.GetValue(_providerOptions) ?? usual.ProviderOptions,
                Precision = parsed.GetValue(_precision).Item1,
                Compile = _compile.Read(parsed),
                Threads = parsed.GetValue(_threads),
                Options = new EngineOptions { VaeTile = parsed.GetValue(_vaeTile)!, LoraMode = parsed.GetValue(_loraMode) },
            }
        );
    }

    private bool Has(EngineParts part) => !without.HasFlag(part);
}
