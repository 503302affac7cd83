using System.ComponentModel;
using System.Diagnostics;
using WanSharp.Testing;

namespace WanSharp.Tools.Tests.Export;

/// <summary>Programs that share no code with us, and judge what we write.</summary>
internal static class OtherPrograms
{
    private const string Python = "/usr/bin/python3";

    public static string Tool(string name) => Path.Combine(AppContext.BaseDirectory, "tools", name);

    /// <summary>Runs Node, which finds the installed packages; skips the test where it or they are missing.</summary>
    public static async Task<(int ExitCode, string Output)> NodeAsync(string folder, params string[] arguments)
    {
        NodePackages.Require("onnxruntime-node");
        var result = await RunAsync("node", folder, arguments);
        Assert.SkipWhen(result is null, "There is no node on the search path: install Node 20 or later.");
        return result!.Value;
    }

    /// <summary>Runs a Python that has onnx; skips the test where there is none.</summary>
    public static async Task<(int ExitCode, string Output)> PythonWithOnnxAsync(string folder, params string[] arguments)
    {
        Assert.SkipUnless(
            await RunAsync(Python, folder, "-c", "import onnx") is (0, _),
            $"{Python} has no onnx module: on Debian, install python3-onnx."
        );
        return (await RunAsync(Python, folder, arguments))!.Value;
    }

    private static async Task<(int ExitCode, string Output)?> RunAsync(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["NODE_PATH"] = NodePackages.Folder;
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, output + await error);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
