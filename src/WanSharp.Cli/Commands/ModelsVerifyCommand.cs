using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Hub;
using WanSharp.Hosting.Outputs;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan models verify</c>: compares what was pulled with the hub's digests.</summary>
internal sealed class ModelsVerifyCommand(CliEnvironment environment)
{
    private readonly Argument<string[]> _names = new("name")
    {
        Description = "Aliases or repositories. Default: everything in the cache.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _online = new("--online")
    {
        Description = "Ask the hub for digests that are not known locally. Without it, no connection is opened.",
    };

    private readonly Option<bool> _remove = new("--remove")
    {
        Description = "Remove damaged files, so that the next pull downloads them again.",
    };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ModelsVerifyCommand(environment);
        var command = new Command(
            "verify",
            "Read every byte of what was pulled and compare its digest with the hub's. Exit code 1 if a file is damaged or missing."
        )
        {
            self._names,
            self._online,
            self._remove,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan models verify",
            "wan models verify t2v-1.3b --remove",
            "wan models verify Wan-AI/Wan2.1-T2V-1.3B --online"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var host = environment.Host;
        var verify = new ModelVerify(host.Options.Hub, environment.Clock) { MayAsk = parsed.GetValue(_online) };
        var (asJson, remove) = (parsed.GetValue(_json), parsed.GetValue(_remove));
        List<VerifiedFile> files = [];
        var progress = new ReadProgress(environment);
        foreach (var request in Requests(parsed.GetValue(_names) ?? [], host, verify))
        {
            await foreach (var file in verify.VerifyAsync(request, progress, cancellationToken))
            {
                files.Add(file);
                if (remove && file.Result == VerifyResult.Damaged)
                {
                    ModelVerify.Remove(file);
                }

                if (!asJson)
                {
                    progress.Clear();
                    environment.Out.WriteLine(PlainText.OneLine(Describe(file, remove)));
                }
            }
        }

        progress.Clear();
        if (asJson)
        {
            environment.Out.WriteLine(JsonText.Of<IReadOnlyList<VerifiedFileOutput>>([.. files.Select(file => Output(file, remove))]));
        }
        else
        {
            environment.Out.WriteLine(Summary(files, host.Options.Hub.CacheFolder));
        }

        return files.Exists(IsWrong) ? ExitCode.Failed : ExitCode.Done;
    }

    private static bool IsWrong(VerifiedFile file) => file.Result is VerifyResult.Damaged or VerifyResult.Missing;

    private static List<PullRequest> Requests(string[] names, Hosting.WanHost host, ModelVerify verify) =>
        names.Length == 0 ? [.. verify.Everything()] : [.. names.Select(name => PullRequest.Parse(name, [], host.HubModels.Aliases))];

    private static string Describe(VerifiedFile file, bool remove) =>
        $"{file.Repository}/{file.Name}: "
        + file.Result switch
        {
            VerifyResult.Right => "right",
            VerifyResult.Damaged => $"DAMAGED: {file.Problem}{(remove ? "; removed" : "")}",
            VerifyResult.Missing => $"MISSING: {file.Problem}",
            _ => $"unknown: {file.Problem}",
        };

    private static VerifiedFileOutput Output(VerifiedFile file, bool remove) =>
        new(
            file.Repository,
            file.Commit,
            file.Name,
            file.Path,
            file.Length,
            file.Result.ToString().ToLowerInvariant(),
            file.Problem,
            remove && file.Result == VerifyResult.Damaged
        );

    private static string Summary(List<VerifiedFile> files, string folder)
    {
        if (files.Count == 0)
        {
            return $"Nothing is in {PlainText.OneLine(folder)}.";
        }

        var damaged = files.Count(file => file.Result == VerifyResult.Damaged);
        var missing = files.Count(file => file.Result == VerifyResult.Missing);
        var unknown = files.Count(file => file.Result == VerifyResult.Unknown);
        var right = files.Count - damaged - missing - unknown;
        var size = ByteSize.Text(files.Sum(file => file.Length));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{files.Count} files, {size}: {right} right, {damaged} damaged, {missing} missing, {unknown} unknown."
        );
    }

    /// <summary>Says how much was read, at a terminal.</summary>
    private sealed class ReadProgress(CliEnvironment environment) : IProgress<long>
    {
        private const long DrawEvery = 256L << 20;
        private long _read;
        private long _drawn;

        public void Report(long value)
        {
            _read += value;
            if (environment.IsInteractive && _read - _drawn >= DrawEvery)
            {
                _drawn = _read;
                TerminalLine.Draw(environment, $"{ByteSize.Text(_read)} read …");
            }
        }

        public void Clear()
        {
            if (environment.IsInteractive)
            {
                TerminalLine.Remove(environment);
            }
        }
    }
}
