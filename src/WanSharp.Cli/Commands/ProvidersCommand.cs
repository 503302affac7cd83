using System.CommandLine;
using System.Text.Json.Nodes;
using WanSharp.Cli.Terminal;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan providers</c>: what can compute here.</summary>
internal sealed class ProvidersCommand(CliEnvironment environment)
{
    private const string DefaultProvider = "cpu";

    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ProvidersCommand(environment);
        var command = new Command("providers", "List ONNX Runtime's execution providers: what is there, what is chosen, how to get more.") { self._json };
        command.SetAction(self.Run);
        return command.WithExamples("wan providers", "wan providers --json");
    }

    private int Run(ParseResult parsed)
    {
        using var runtime = EngineSetup.OpenRuntime(environment, threads: null);
        if (parsed.GetValue(_json))
        {
            var report = new JsonObject
            {
                ["onnxruntime"] = runtime.Version,
                ["library"] = runtime.LibraryPath,
                ["default"] = DefaultProvider,
                ["providers"] = new JsonArray([.. runtime.AvailableProviders.Select(name => JsonValue.Create(name))]),
            };
            environment.Out.WriteLine(report.ToJsonString(JsonText.Readable));
            return ExitCode.Done;
        }

        environment.Out.WriteLine($"ONNX Runtime {runtime.Version}, {runtime.LibraryPath}");
        foreach (var provider in runtime.AvailableProviders.Order(StringComparer.Ordinal))
        {
            environment.Out.WriteLine($"  {provider,-10} {(provider == DefaultProvider ? "used unless --provider says otherwise" : $"use it with --provider {provider}")}");
        }

        environment.Out.WriteLine();
        environment.Out.WriteLine("More providers (CUDA, TensorRT and others) come with other builds of ONNX Runtime: set WAN_ONNXRUNTIME to the");
        environment.Out.WriteLine("library's file, such as libonnxruntime.so of the GPU package for Linux, and run this command again.");
        return ExitCode.Done;
    }
}
