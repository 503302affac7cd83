using System.Globalization;
using WanSharp.Hosting.Outputs;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>What was pulled and what can be, for people.</summary>
internal static class PulledText
{
    private const int ShortCommit = 8;

    public static string Describe(PulledOutput output)
    {
        var invariant = CultureInfo.InvariantCulture;
        List<string> lines =
        [
            string.Create(invariant, $"Models by name: {(output.Models.Count > 0 ? string.Join(", ", output.Models) : "none")}"),
        ];
        lines.Add(
            output.Repositories.Count > 0
                ? $"In the cache {output.Cache} (from any program):"
                : $"Nothing was pulled yet into {output.Cache}."
        );
        foreach (var repository in output.Repositories)
        {
            var unfinished = repository.UnfinishedBytes > 0 ? $", {ByteSize.Text(repository.UnfinishedBytes)} unfinished" : "";
            lines.Add($"  {repository.Repository}  {ByteSize.Text(repository.Bytes)}{unfinished}");
            lines.AddRange(
                repository.Commits.Select(commit =>
                {
                    var of = commit.Of is { } all ? string.Create(invariant, $" of {all}") : "";
                    var called = commit.Revisions.Count > 0 ? $"{string.Join(", ", commit.Revisions)}, " : "";
                    return string.Create(invariant, $"    {called}{commit.Commit[..ShortCommit]}: {commit.Files}{of} files");
                })
            );
        }

        lines.Add("Aliases (`wan models pull NAME`):");
        var width = output.Aliases.Max(alias => alias.Name.Length);
        lines.AddRange(
            output.Aliases.Select(alias =>
            {
                var state =
                    alias.Missing.Count == 0 ? "is there"
                    : alias.Files.Count == 0 ? "not there"
                    : $"missing: {string.Join(", ", alias.Missing.Select(file => file.Split('/')[^1]))}";
                var serves = alias.Presets.Count > 0 ? $"; for --preset {string.Join(", ", alias.Presets)}" : "";
                return $"  {alias.Name.PadRight(width)}  {state}  {alias.What}{serves}";
            })
        );
        return string.Join(Environment.NewLine, lines.Select(PlainLine));
    }

    /// <summary>Names of files and aliases come from strangers.</summary>
    private static string PlainLine(string line) =>
        line[..(line.Length - line.TrimStart(' ').Length)] + PlainText.OneLine(line.TrimStart(' '));
}
