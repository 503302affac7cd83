using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Presets;
using WanSharp.Hosting.Outputs;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan presets</c>: the presets that there are, and which a model can use.</summary>
internal sealed class PresetsCommand(CliEnvironment environment)
{
    private readonly ModelOptions _model = new();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new PresetsCommand(environment);
        var command = new Command(
            "presets",
            "List the presets: settings and LoRAs that make clips in few steps. With --model: those that it can use."
        )
        {
            self._json,
        };
        self._model.AddTo(command);
        command.SetAction(self.List);
        return command.WithExamples("wan presets", "wan presets --model ./Wan2.2-T2V-A14B", "wan presets --json");
    }

    private int List(ParseResult parsed)
    {
        var outputs = _model.IsGiven(parsed) ? OfModel(parsed) : OfAll();
        if (parsed.GetValue(_json))
        {
            environment.Out.WriteLine(JsonText.Of<IReadOnlyList<PresetOutput>>(outputs));
            return ExitCode.Done;
        }

        foreach (var preset in outputs)
        {
            var names = string.Join(", ", preset.Aliases.Prepend(preset.Name));
            environment.Out.WriteLine(PlainText.OneLine($"{names}: {preset.About}"));
            environment.Out.WriteLine(PlainText.OneLine($"    {State(preset)}"));
        }

        return ExitCode.Done;
    }

    private static string State(PresetOutput preset) =>
        preset switch
        {
            { Fits: null } => $"for {string.Join(", ", preset.Models)}",
            { Fits: false } => $"not for this model: {preset.Note}",
            { Ready: true } => $"ready: {preset.Note}",
            _ => $"not ready: {preset.Note}",
        };

    private List<PresetOutput> OfAll() => [.. environment.Host.OpenPresets().Catalog.All.Select(one => Output(one.Key, one.Value, null))];

    private List<PresetOutput> OfModel(ParseResult parsed)
    {
        using var model = _model.Open(parsed, environment.Host);
        return
        [
            .. environment
                .Host.OpenPresets(model)
                .StatesFor(model)
                .OrderByDescending(state => state.Fits)
                .ThenByDescending(state => state.IsReady)
                .Select(state => Output(state.Name, state.Preset, state)),
        ];
    }

    private static PresetOutput Output(string name, Preset preset, PresetState? state) =>
        new(name, preset.Aliases, preset.About, [.. preset.ModelNames], state?.Fits, state?.IsReady, state?.Note);
}
