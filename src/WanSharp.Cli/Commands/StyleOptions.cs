using System.CommandLine;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>The style of a single clip, and where styles are read.</summary>
internal sealed class StyleOptions
{
    private readonly Option<string?> _style = new("--style")
    {
        Description = "How the clip looks: anime, realistic, ink, outlined, cinematic, or a style of your own.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _file = CatalogFile();

    /// <summary><c>--styles-file</c>.</summary>
    public static Option<string?> CatalogFile() =>
        new("--styles-file")
        {
            Description = "A file of styles, added to those of the program and of the user's folder.",
            HelpName = "FILE",
        };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_style);
        command.Options.Add(_file);
    }

    /// <summary>The style that is asked for, by its name, and the user's file of styles; null for none.</summary>
    public (string? Style, string? File) Read(ParseResult parsed) => (parsed.GetValue(_style), parsed.GetValue(_file));

    /// <summary>The request in the style that is asked for; unchanged without one.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="host">Where the styles are.</param>
    /// <param name="request">The request.</param>
    /// <param name="model">The model's name.</param>
    /// <exception cref="InvalidRequestException">There is no such style, or a file of styles without one that is asked for.</exception>
    public GenerationRequest Apply(ParseResult parsed, WanHost host, GenerationRequest request, string model)
    {
        var file = parsed.GetValue(_file);
        if (parsed.GetValue(_style) is not { } name)
        {
            return file is null
                ? request
                : throw new InvalidRequestException("styles-file", "--styles-file has no effect without --style: name a style of it.");
        }

        return host.OpenStyles(file).TryFind(name, out var found, out var error)
            ? found.Style.Apply(request, model)
            : throw new InvalidRequestException("style", error);
    }
}
