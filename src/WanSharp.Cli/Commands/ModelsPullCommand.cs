using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Hub;
using WanSharp.Hosting.Outputs;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan models pull</c>: brings models, LoRAs and decoders from a hub.</summary>
internal sealed class ModelsPullCommand(CliEnvironment environment)
{
    private readonly Argument<string[]> _names = new("name")
    {
        Description = "An alias (`wan models list` has them), or a repository: ORG/NAME or ORG/NAME@REVISION.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string[]> _files = new("--files")
    {
        Description =
            "Only the files whose path matches; * stands for any characters. May be given several times. Default: all of a repository.",
        HelpName = "GLOB",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show what would be downloaded, without downloading it." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print nothing but errors." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ModelsPullCommand(environment);
        var command = new Command(
            "pull",
            "Download models, LoRAs and decoders from Hugging Face (or the hub that HF_ENDPOINT names), "
                + "into the cache that other programs share. "
                + "An interrupted pull resumes where it stopped."
        )
        {
            self._names,
            self._files,
            self._dryRun,
            self._quiet,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan models pull t2v-1.3b",
            "wan models pull Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
            "wan models pull lightx2v/Wan2.2-Distill-Loras --files \"*t2v*1217*\" --dry-run"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var host = environment.Host;
        var aliases = host.HubModels.Aliases;
        var files = parsed.GetValue(_files) ?? [];
        List<PullRequest> requests = [.. parsed.GetValue(_names)!.Select(name => PullRequest.Parse(name, files, aliases))];
        var (asJson, isQuiet, isDry) = (parsed.GetValue(_json), parsed.GetValue(_quiet), parsed.GetValue(_dryRun));
        var pull = new ModelPull(host.Options.Hub, environment.Clock);
        List<PullOutput> outputs = [];
        foreach (var request in requests)
        {
            using var display = asJson || isQuiet || isDry ? null : new PullDisplay(environment, request);
            var model = isDry
                ? await pull.PlanAsync(request, cancellationToken)
                : await pull.PullAsync(request, display, cancellationToken);
            display?.Dispose();
            outputs.Add(
                new PullOutput(
                    request.Name,
                    model.Reference.Repository,
                    model.Reference.Revision,
                    model.Commit,
                    model.Folder,
                    model.Length,
                    model.Missing,
                    [.. model.Files.Select(FileOutput)]
                )
            );
            if (!asJson && !isQuiet)
            {
                Describe(request, model, isDry);
            }
        }

        if (asJson)
        {
            environment.Out.WriteLine(JsonText.Of<IReadOnlyList<PullOutput>>(outputs));
        }

        return ExitCode.Done;
    }

    private static PulledFileOutput FileOutput(PulledFile file) => new(file.Name, file.Path, file.Length, file.Missing);

    private void Describe(PullRequest request, PulledModel model, bool isDry)
    {
        var invariant = CultureInfo.InvariantCulture;
        if (isDry)
        {
            foreach (var file in model.Files)
            {
                var state = file.Missing == 0 ? "is there" : $"{ByteSize.Text(file.Missing)} to download";
                environment.Out.WriteLine(PlainText.OneLine($"  {file.Name}  {ByteSize.Text(file.Length)}, {state}"));
            }
        }

        var came =
            model.Missing == 0
                ? "all there already"
                : string.Create(invariant, $"{ByteSize.Text(model.Missing)} {(isDry ? "to download" : "downloaded")}");
        environment.Out.WriteLine(
            PlainText.OneLine(
                string.Create(invariant, $"{request.Name}: {model.Files.Count} {(model.Files.Count == 1 ? "file" : "files")}, ")
                    + $"{ByteSize.Text(model.Length)}, {came}; {model.Folder}"
            )
        );
    }
}
