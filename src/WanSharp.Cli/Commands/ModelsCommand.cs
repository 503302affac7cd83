using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Outputs;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan models list</c>: what the checkpoints in a folder are.</summary>
internal sealed class ModelsCommand(CliEnvironment environment)
{
    private readonly Argument<string> _folder = new("folder")
    {
        Description = "A model's folder, or one of models, such as ComfyUI's models.",
    };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ModelsCommand(environment);
        var list = new Command("list", "Say what each checkpoint in a folder is, told from its tensors.") { self._folder, self._json };
        list.SetAction(self.List);
        var command = new Command("models", "Look at checkpoints of any tool.")
        {
            list.WithExamples("wan models list ComfyUI/models", "wan models list Wan2.1-T2V-1.3B --json"),
        };
        return command.WithExamples("wan models list ComfyUI/models");
    }

    private int List(ParseResult parsed)
    {
        var folder = parsed.GetValue(_folder)!;
        if (!Directory.Exists(folder))
        {
            throw new CheckpointException(folder, "there is no such folder.");
        }

        var finder = new ModelFinder();
        var files = finder.In(folder);
        if (parsed.GetValue(_json))
        {
            environment.Out.WriteLine(
                JsonText.Of<IReadOnlyList<CheckpointOutput>>([.. files.Select(file => CheckpointText.Output(file, finder))])
            );
            return ExitCode.Done;
        }

        foreach (var file in files)
        {
            environment.Out.WriteLine(CheckpointText.Describe(file, finder));
        }

        if (files.Count == 0)
        {
            environment.Out.WriteLine($"No checkpoints (.safetensors, .gguf, .pth and others) are in {PlainText.OneLine(folder)}.");
        }

        return ExitCode.Done;
    }
}
