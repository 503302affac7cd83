using System.CommandLine;
using WanSharp.Cli.Commands;
using WanSharp.Cli.Terminal;

namespace WanSharp.Cli;

/// <summary>The command line: parses, runs the command, turns whatever goes wrong into one clear message.</summary>
internal static class WanApp
{
    /// <summary>Options that every command has.</summary>
    public static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Show where an error came from, and ONNX Runtime's warnings.",
        Recursive = true,
    };

    public static RootCommand Build(CliEnvironment environment)
    {
        var root = new RootCommand("Wan 2.1 and 2.2 videos from prompts and images, without Python.")
        {
            GenerateCommand.Build(environment),
            PlanCommand.Build(environment),
            BatchCommand.Build(environment),
            FilmCommand.Build(environment),
            ExtendCommand.Build(environment),
            EnhanceCommand.Build(environment),
            JobsCommand.Build(environment),
            ServeCommand.Build(environment),
            KeysCommand.Build(environment),
            McpCommand.Build(environment),
            ExportCommand.Build(environment),
            InspectCommand.Build(environment),
            CompareCommand.Build(environment),
            QuantizeCommand.Build(environment),
            OptimizeCommand.Build(environment),
            DoctorCommand.Build(environment),
            ProfileCommand.Build(environment),
            ModelsCommand.Build(environment),
            PresetsCommand.Build(environment),
            ProvidersCommand.Build(environment),
            SelftestCommand.Build(environment),
            BenchCommand.Build(environment),
            CacheCommand.Build(environment),
        };
        root.Options.Add(Verbose);
        PlainParsing.Apply(root);
        root.WithExamples(
            "wan generate \"a red circle moving left on a black background\" -o clip.mp4",
            "wan inspect clip.mp4",
            "wan generate --help"
        );
        return root;
    }

    public static async Task<int> RunAsync(
        IReadOnlyList<string> args,
        CliEnvironment environment,
        CancellationToken cancellationToken = default
    )
    {
        var parsed = PlainParsing.Parse(Build(environment), args);
        if (UsageError.Find(parsed, args) is { } wrong)
        {
            environment.Error.WriteLine(PlainText.OneLine($"wan: {wrong}"));
            return ExitCode.WrongUsage;
        }

        if (!HasWorkingFolder())
        {
            environment.Error.WriteLine(
                "wan: the folder that this was started in no longer exists: change to another one, and run it again."
            );
            return ExitCode.Failed;
        }

        if (parsed.GetValue(Verbose))
        {
            environment.ShowRuntimeLog();
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = environment.Out,
                    Error = environment.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellationToken
            );
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Not only OperationCanceledException: Ctrl-C in a terminal also ends ffmpeg, whose end may be noticed first.
            environment.Error.WriteLine("wan: stopped; nothing half-written was left behind.");
            return ExitCode.Cancelled;
        }
        catch (Exception e)
        {
            return ErrorReport.Write(e, environment.Error, parsed.GetValue(Verbose));
        }
    }

    private static bool HasWorkingFolder()
    {
        try
        {
            return Directory.GetCurrentDirectory().Length > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
