using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Installation;
using WanSharp.Runtime.Providers;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan providers install</c>: ONNX Runtime's build with CUDA, from the user's package sources.</summary>
internal sealed class ProvidersInstallCommand(CliEnvironment environment)
{
    private readonly Argument<string> _provider = new("provider") { Description = "cuda: CUDA and TensorRT come together." };

    private readonly Option<string?> _source = new("--source")
    {
        Description = "Where packages come from. Default: the sources in NuGet's configuration.",
        HelpName = "URL|FOLDER",
    };

    private readonly Option<string?> _sha512 = new("--sha512")
    {
        Description = "The package's SHA-512, in base 64 or hexadecimal. Default: what the source says.",
        HelpName = "HASH",
    };

    public static Command Build(CliEnvironment environment)
    {
        var self = new ProvidersInstallCommand(environment);
        self._provider.AcceptOnlyFromAmong(ProviderProfiles.Cuda.ShortName);
        var command = new Command("install", "Install a provider for this user.") { self._provider, self._source, self._sha512 };
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan providers install cuda", "wan providers install cuda --source packages");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var installer = new RuntimeInstaller(environment.Host.ProvidersFolder, RuntimeInstaller.CurrentRid);
        IReadOnlyList<string> sources = parsed.GetValue(_source) is { } source
            ? [source]
            : NuGetSources.Read(Directory.GetCurrentDirectory(), UserConfiguration());
        environment.Out.WriteLine($"{installer.PackageId} {InstalledRuntime.Version}");
        var library = await installer.InstallAsync(sources, parsed.GetValue(_sha512), Progress(), cancellationToken);
        if (environment.IsInteractive)
        {
            TerminalLine.Remove(environment);
        }

        environment.Out.WriteLine($"installed {library}");

        var missing = CudaLibraries.Missing();
        environment.Out.WriteLine(
            missing.Count == 0
                ? "The driver and CUDA's libraries load: `wan providers` says what is chosen now."
                : $"It is not used yet, since this machine cannot load {string.Join(", ", missing)}."
        );
        return ExitCode.Done;
    }

    private Progress<long>? Progress() =>
        environment.IsInteractive ? new Progress<long>(bytes => TerminalLine.Draw(environment, $"{bytes / 1_000_000} MB")) : null;

    private string UserConfiguration() =>
        OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "NuGet", "NuGet.Config")
            : Path.Combine(environment.Variable("HOME") ?? "/", ".nuget", "NuGet", "NuGet.Config");
}
