using System.CommandLine;
using WanSharp.Cli.Batches;

namespace WanSharp.Cli.Commands;

/// <summary>What makes the clips of a batch.</summary>
internal sealed class BackendOptions
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<IReadOnlyDictionary<string, string>> _providerOptions = CommonOptions.ProviderOptions();
    private readonly Option<int?> _threads = CommonOptions.Threads();

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] options = [_model, _provider, _providerOptions, _threads];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    public BackendSettings Read(ParseResult parsed) => new()
    {
        Model = parsed.GetValue(_model)!,
        Provider = parsed.GetValue(_provider)!,
        ProviderOptions = parsed.GetValue(_providerOptions)!,
        Threads = parsed.GetValue(_threads),
    };
}
