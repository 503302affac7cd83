using System.CommandLine;
using WanSharp.Hosting;

namespace WanSharp.Cli.Commands;

/// <summary>Where a server's data is.</summary>
/// <param name="name">The usual folder's name.</param>
internal sealed class ServerFolderOption(string name = "server")
{
    /// <summary>The option.</summary>
    public Option<string?> Option { get; } =
        new("--data")
        {
            Description = $"The folder of the server's jobs, clips and keys. Default: wansharp/{name} in the user's data folder.",
            HelpName = "FOLDER",
        };

    /// <summary>The folder that is named, or the usual one.</summary>
    public string Read(ParseResult parsed, WanHost host) => parsed.GetValue(Option) ?? Path.Combine(host.Options.DataFolder, name);
}
