using System.Globalization;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>Nothing leaves the machine, and nothing is kept on it but what the documents name.</summary>
public sealed class PrivacyTests : IDisposable
{
    /// <summary>
    /// Prints the program's exit code, then what the kernel counted in this network: packets sent, and those that had no way out.
    /// </summary>
    private const string CountPackets = """
        "$@" >/dev/null 2>&1
        echo "exit $?"
        grep -E '^(Ip|Udp|Tcp):' /proc/net/snmp
        cat /proc/net/snmp6 2>/dev/null
        true
        """;

    /// <summary>Counters of what a process asked the kernel to send, whether or not there was a way.</summary>
    private static readonly string[] Sent =
    [
        "OutRequests",
        "OutNoRoutes",
        "OutDatagrams",
        "ActiveOpens",
        "Ip6OutRequests",
        "Ip6OutNoRoutes",
        "Udp6OutDatagrams",
    ];

    /// <summary>Where they are set, ONNX Runtime sends nothing anyway.</summary>
    private static readonly string[] Muting =
    [
        "ORT_DISABLE_TELEMETRY",
        "ORT_TELEMETRY_DISABLED",
        "ORT_RUNNING_UNIT_TESTS",
        "CI",
        "TF_BUILD",
        "GITHUB_ACTIONS",
        "GITLAB_CI",
        "CIRCLECI",
        "TRAVIS",
        "JENKINS_URL",
        "CODEBUILD_BUILD_ID",
        "BUILDKITE",
        "TEAMCITY_VERSION",
        "APPVEYOR",
        "BITBUCKET_BUILD_NUMBER",
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
    ];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Generate_InANetworkOfItsOwn_AsksForNoPacketAndKeepsItsFilesInOneFolder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Networks of one's own are made with the tools of Linux.");
        var control = await AloneAsync("/bin/bash", "-c", "echo > /dev/udp/192.0.2.1/9");
        Assert.SkipUnless(control.Sent.Count > 0, "This container lets nobody make a network of their own.");
        var (home, temporary) = (Directory.CreateDirectory(_folder["home"]).FullName, Directory.CreateDirectory(_folder["tmp"]).FullName);

        var run = await AloneAsync(ProcessRun.Wan, ["generate", "a red circle", .. ProcessRun.Quick, "-o", _folder["clip.mp4"]]);

        Assert.Equal(0, run.ExitCode);
        Assert.True(File.Exists(_folder["clip.mp4"]));
        Assert.Empty(run.Sent);
        Assert.All(
            FilesOf(home),
            file => Assert.StartsWith(Path.Combine(home, ".cache", "wansharp") + "/", file, StringComparison.Ordinal)
        );
        Assert.Empty(FilesOf(temporary));
        Assert.Equal(["clip.mp4", "home", "tmp"], _folder.Entries.Order());
    }

    /// <summary>The thread that read the command line for telemetry ran out of stack, and ended the process.</summary>
    [Fact]
    public async Task Generate_WithACommandLineOfManyBytes_ReadsItAsAnyOther()
    {
        Directory.CreateDirectory(_folder["home"]);
        string[] command =
        [
            "generate",
            new string('长', 8000),
            "--negative",
            new string('长', 4000),
            .. ProcessRun.Quick,
            "-o",
            _folder["clip.mp4"],
        ];
        var allowed = await ProcessRun.RunAsync(ProcessRun.Wan, command, Unmuted());
        var tooLong = await ProcessRun.RunAsync(
            ProcessRun.Wan,
            ["generate", new string('x', 39_000), "-o", _folder["other.mp4"]],
            Unmuted()
        );

        Assert.True(allowed.ExitCode == 0, allowed.Error);
        Assert.Equal(ExitCode.WrongUsage, tooLong.ExitCode);
        Assert.Contains("8192", tooLong.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<string> FilesOf(string folder) =>
        Directory.EnumerateFiles(
            folder,
            "*",
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }
        );

    private Dictionary<string, string?> Unmuted() =>
        new(Muting.Select(name => KeyValuePair.Create(name, (string?)null)))
        {
            ["HOME"] = _folder["home"],
            ["TMPDIR"] = _folder["tmp"],
            ["XDG_CACHE_HOME"] = null,
            ["XDG_CONFIG_HOME"] = null,
            ["WAN_CACHE"] = null,
            ["LC_ALL"] = "C.UTF-8",
        };

    /// <summary>Runs a program in a network that has no way out.</summary>
    private async Task<(int ExitCode, Dictionary<string, long> Sent)> AloneAsync(string program, params string[] arguments)
    {
        var run = await ProcessRun.RunAsync("unshare", ["-rn", "/bin/sh", "-c", CountPackets, "sh", program, .. arguments], Unmuted());
        var exitCode = -1;
        var sent = new Dictionary<string, long>();
        string[]? names = null;
        foreach (
            var words in run
                .Out.Split('\n')
                .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words.Length > 1)
        )
        {
            if (words[0] == "exit")
            {
                exitCode = int.Parse(words[1], CultureInfo.InvariantCulture);
            }
            else if (!words[0].EndsWith(':'))
            {
                Count(words[0], words[1]);
            }
            else if (names?[0] != words[0])
            {
                names = words;
            }
            else
            {
                foreach (var (name, value) in names.Zip(words).Skip(1))
                {
                    Count(name, value);
                }
            }
        }

        return (exitCode, sent);

        void Count(string name, string value)
        {
            if (Sent.Contains(name) && long.Parse(value, CultureInfo.InvariantCulture) is > 0 and var count)
            {
                sent[name] = count;
            }
        }
    }
}
