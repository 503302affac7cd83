using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Server.Tests.Clients;

/// <summary>Programs of tests/tools, which drive a server with clients that others wrote. Tests skip where Node is missing.</summary>
internal static class NodeProgram
{
    /// <summary>Runs a program to its end.</summary>
    /// <param name="script">Its file in tests/tools.</param>
    /// <param name="package">The package that it needs.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it printed.</returns>
    public static async Task<JsonElement> RunAsync(string script, string package, params string[] arguments)
    {
        NodePackages.Require(package);
        var start = new ProcessStartInfo("node", [RepositoryFiles.Find($"tests/tools/{script}"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        var (output, error) = (
            process.StandardOutput.ReadToEndAsync(TestServer.Token),
            process.StandardError.ReadToEndAsync(TestServer.Token)
        );
        await process.WaitForExitAsync(TestServer.Token);
        Assert.True(process.ExitCode == 0, $"{script}: {await error}\n{await output}");
        using var document = JsonDocument.Parse((await output).Trim().Split('\n')[^1]);
        return document.RootElement.Clone();
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("There is no node on the path.");
            throw;
        }
    }
}
