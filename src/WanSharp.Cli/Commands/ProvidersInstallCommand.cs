using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Installation;
using WanSharp.Media.Clips;
using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan providers install</c>: other builds of ONNX Runtime, and ffmpeg, from the user's package sources.</summary>
internal sealed class ProvidersInstallCommand(CliEnvironment environment)
{
    private readonly Argument<string> _name = new("name")
    {
        Description = "cuda (with TensorRT), webgpu (on Windows with DirectML), or ffmpeg (for mp4, webm and gif).",
    };

    private readonly Option<string?> _source = new("--source")
    {
        Description = "Where packages come from. Default: the sources in NuGet's configuration, the registry in npm's.",
        HelpName = "URL|FOLDER",
    };

    public static Command Build(CliEnvironment environment)
    {
        var self = new ProvidersInstallCommand(environment);
        self._name.AcceptOnlyFromAmong([.. ExtraCatalog.Names]);
        var command = new Command("install", "Install a provider, or ffmpeg, for this user.") { self._name, self._source };
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan providers install ffmpeg",
            "wan providers install webgpu",
            "wan providers install cuda --source packages"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var package = ExtraCatalog.Get(parsed.GetValue(_name)!, ExtraCatalog.CurrentRid);
        IReadOnlyList<string> sources = parsed.GetValue(_source) is { } source ? [source] : SourcesOf(package);
        environment.Out.WriteLine($"{package.Id} {package.Version}");
        var file = await new ExtraInstaller(environment.Host.ProvidersFolder, package).InstallAsync(sources, Progress(), cancellationToken);
        if (environment.IsInteractive)
        {
            TerminalLine.Remove(environment);
        }

        environment.Out.WriteLine($"installed {file}");
        environment.Out.WriteLine(await WhatNowAsync(package.Name, file, cancellationToken));
        return ExitCode.Done;
    }

    private async Task<string> WhatNowAsync(string name, string file, CancellationToken cancellationToken)
    {
        if (name == ExtraCatalog.Ffmpeg)
        {
            await EncoderCheck.RequireAsync(file, OutputKind.Mp4, cancellationToken);
            return environment.Host.FindFfmpeg() is { } used && used != file
                ? $"It writes mp4, but {used} takes precedence."
                : "It writes mp4, and is used from now on.";
        }

        if (CudaLibraries.Missing(name, file) is { Count: > 0 } missing)
        {
            return $"It is not used yet, since {MissingLibrary.Describe(missing)}: {MissingLibrary.Remedy(missing)}.";
        }

        return environment.Host.Options.OnnxRuntimeLibrary is { } library
            ? $"It is not used while WAN_ONNXRUNTIME names {library}."
            : "It is used from now on: `wan providers` says which provider is chosen.";
    }

    private IReadOnlyList<string> SourcesOf(ExtraPackage package) =>
        package.Registry == PackageRegistry.Npm
            ? NpmRegistries.Read(package.Id, environment.Variable, Path.Combine(Home, ".npmrc")) is { } registry
                ? [registry]
                : []
            : NuGetSources.Read(Directory.GetCurrentDirectory(), UserConfiguration());

    private Progress<long>? Progress() =>
        environment.IsInteractive ? new Progress<long>(bytes => TerminalLine.Draw(environment, ByteSize.Text(bytes))) : null;

    private string Home => environment.Variable(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") ?? "/";

    private string UserConfiguration() =>
        OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "NuGet", "NuGet.Config")
            : Path.Combine(Home, ".nuget", "NuGet", "NuGet.Config");
}
