using System.Diagnostics;
using System.Security.Cryptography;
using WanSharp.Jobs;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>Batches of small clips of few steps.</summary>
public abstract class BatchTests : IDisposable
{
    private protected readonly TemporaryFolder _folder = new();
    private protected readonly Dictionary<string, string> _variables;

    protected BatchTests() =>
        _variables = new Dictionary<string, string>
        {
            ["WAN_CACHE"] = _folder["cache"],
            ["XDG_CONFIG_HOME"] = _folder["config"],
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "",
        };

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Puts a model that is opened sooner in the place of the default one, for tests that depend neither on what clips show nor on how
    /// long they take.
    /// </summary>
    private protected void UseQuickModel() => _variables["WAN_MODELS"] = QuickModel.Models;

    private protected static NewJob Job(string output, Dictionary<int, string> images) =>
        new()
        {
            Output = output,
            Request = new JobRequest
            {
                Prompt = "a red circle",
                Width = 32,
                Height = 32,
                Frames = 5,
                Steps = 1,
                Images = images,
            },
            Prepared = new PreparedJob
            {
                ExecutionGroup = "",
                FeatureGroup = "",
                ResultKey = null,
                Settings = "{}",
                Steps = 1,
            },
        };

    private protected static async Task<bool> MountAsync(params string[] args)
    {
        using var mount = Process.Start(new ProcessStartInfo("mount", args) { RedirectStandardError = true })!;
        await mount.WaitForExitAsync(TestContext.Current.CancellationToken);
        return mount.ExitCode == 0;
    }

    private protected Process StartWan(params string[] args)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "wan"), args)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["WAN_CACHE"] = _folder["cache"];
        return Process.Start(start)!;
    }

    /// <summary>Kills a batch when it has said of so many clips that they are made; whatever else it says does not count.</summary>
    private protected async Task KillAfterAsync(int clips, string[] args)
    {
        using var wan = StartWan(args);
        var said = new List<string>();
        while (said.Count(line => line.StartsWith('[')) < clips)
        {
            var line = await wan.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
            if (line is null)
            {
                // An earlier run was killed so late that only a few clips were left: they are made, and that is an end, too.
                await wan.WaitForExitAsync(TestContext.Current.CancellationToken);
                Assert.True(wan.ExitCode == ExitCode.Done, $"It ended before it had made {clips} clips:\n{string.Join('\n', said)}");
                return;
            }

            said.Add(line);
        }

        wan.Kill(); // SIGKILL
        await wan.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private protected IEnumerable<string> Entries(string folder) =>
        Directory.EnumerateFileSystemEntries(_folder[folder]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private protected IEnumerable<string> Digests(string folder, string files = "*.png") =>
        Directory
            .EnumerateFiles(_folder[folder], files)
            .Order(StringComparer.Ordinal)
            .Select(path => $"{Path.GetFileName(path)} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}");

    private protected Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(args, variables: _variables, cancellationToken: TestContext.Current.CancellationToken);
}
