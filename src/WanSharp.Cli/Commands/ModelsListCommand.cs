using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting;
using WanSharp.Hosting.Hub;
using WanSharp.Hosting.Outputs;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan models list</c>: what the checkpoints in a folder are, or what was pulled and what can be.</summary>
internal sealed class ModelsListCommand(CliEnvironment environment)
{
    private readonly Argument<string?> _folder = new("folder")
    {
        Description =
            "A model folder, or a folder of models, such as ComfyUI's models. Default: what was pulled, and what each alias still lacks.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ModelsListCommand(environment);
        var command = new Command("list", "Identify each checkpoint in a folder by its tensors, or list the available models.")
        {
            self._folder,
            self._json,
        };
        command.SetAction(self.Run);
        return command.WithExamples("wan models list", "wan models list ComfyUI/models", "wan models list Wan2.1-T2V-1.3B --json");
    }

    private int Run(ParseResult parsed)
    {
        var asJson = parsed.GetValue(_json);
        if (parsed.GetValue(_folder) is { } folder)
        {
            ListFolder(folder, asJson);
            return ExitCode.Done;
        }

        var output = Pulled(environment.Host);
        environment.Out.WriteLine(asJson ? JsonText.Of(output) : PulledText.Describe(output));
        return ExitCode.Done;
    }

    private void ListFolder(string folder, bool asJson)
    {
        if (!Directory.Exists(folder))
        {
            throw new CheckpointException(folder, "there is no such folder.");
        }

        var finder = new ModelFinder();
        var files = finder.In(folder);
        if (asJson)
        {
            environment.Out.WriteLine(
                JsonText.Of<IReadOnlyList<CheckpointOutput>>([.. files.Select(file => CheckpointText.Output(file, finder))])
            );
            return;
        }

        foreach (var file in files)
        {
            environment.Out.WriteLine(CheckpointText.Describe(file, finder));
        }

        if (files.Count == 0)
        {
            environment.Out.WriteLine(
                $"No checkpoints (.safetensors, .gguf, .pth and others) are in {PlainText.OneLine(folder)}.{ModelFinder.PackedIn(folder)}"
            );
        }
    }

    private static PulledOutput Pulled(WanHost host)
    {
        var hub = host.HubModels;
        return new PulledOutput(
            hub.Cache.Folder,
            host.Models.Names(),
            [
                .. new PulledModels(hub.Cache)
                    .List()
                    .Select(repository => new PulledRepositoryOutput(
                        repository.Repository,
                        [
                            .. repository.Commits.Select(commit => new PulledCommitOutput(
                                commit.Commit,
                                commit.Revisions,
                                commit.Folder,
                                commit.Files,
                                commit.Of
                            )),
                        ],
                        repository.Bytes,
                        repository.Unfinished
                    )),
            ],
            [
                .. hub
                    .Aliases.All.Select(alias => (Alias: alias, Files: hub.Look(alias)))
                    .Select(one => new AliasOutput(
                        one.Alias.Name,
                        one.Alias.What,
                        one.Alias.Reference.ToString(),
                        one.Alias.Model is not null,
                        [.. one.Files.Where(file => file.Path is not null).Select(file => file.Path!)],
                        [.. one.Files.Where(file => file.Path is null).Select(file => file.File)],
                        one.Alias.Presets
                    )),
            ]
        );
    }
}
