using System.Net.Sockets;
using System.Reflection;
using System.Security.Authentication;
using WanSharp.Cli.Terminal;
using WanSharp.Media;
using WanSharp.Tensors;

namespace WanSharp.Cli.Tests;

/// <summary>Each exception ends as one line that names the cause, not what wrapped it.</summary>
public sealed class ErrorReportTests
{
    private const string Tls = "The SSL connection could not be established, see inner exception.";

    public static TheoryData<Exception, string> Causes =>
        new()
        {
            { new IOException("No space left on device : '/x'"), "No space left on device : '/x'" },
            {
                new HttpRequestException(Tls, new AuthenticationException("Cannot determine the frame size.")),
                "The SSL connection could not be established: Cannot determine the frame size."
            },
            {
                new HttpRequestException(
                    Tls,
                    new AuthenticationException(
                        "Authentication failed, see inner exception.",
                        new IOException("The certificate has expired.")
                    )
                ),
                "The SSL connection could not be established: Authentication failed: The certificate has expired."
            },
            {
                new HttpRequestException("Connection refused (127.0.0.1:1)", new SocketException(111, "Connection refused")),
                "Connection refused (127.0.0.1:1)"
            },
            {
                new AggregateException(new OperationCanceledException("stopped"), new IOException("Disk quota exceeded")),
                "Disk quota exceeded"
            },
            {
                new AggregateException(new AggregateException(new UnauthorizedAccessException("Access to the path '/x' is denied."))),
                "Access to the path '/x' is denied."
            },
            {
                new TypeInitializationException("Sqlite", new DllNotFoundException("e_sqlite3 is missing.")),
                "the program's own files cannot be loaded: e_sqlite3 is missing. Install it again"
            },
            { new TargetInvocationException(new InvalidDataException("It is cut short.")), "It is cut short." },
            {
                new TaskCanceledException("A task was canceled.", new TimeoutException("It took longer than 30 s.")),
                "It took longer than 30 s."
            },
#pragma warning disable CA2201 // As the runtime throws it.
            { new OutOfMemoryException(), "There is not enough memory." },
#pragma warning restore CA2201
            {
                new MediaException(
                    "x.mp4 cannot be written: Broken pipe",
                    new IOException("write", new SocketException(32, "Broken pipe"))
                ),
                "x.mp4 cannot be written: Broken pipe"
            },
            {
                new MediaException("x.mp4: it failed, see inner exception.", new IOException("Input/output error")),
                "x.mp4: it failed: Input/output error."
            },
            {
                new InvalidOperationException("two\nlines", new FormatException("why")),
                "internal error: InvalidOperationException: two lines: why. Please report it"
            },
        };

    [Theory]
    [MemberData(nameof(Causes))]
    public void Write_OfAnyException_NamesTheInnermostCauseInOneLine(Exception exception, string expected)
    {
        using var error = new StringWriter();

        var exitCode = ErrorReport.Write(exception, error, verbose: false);

        var line = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("wan: " + expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", line, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ExitCode.Failed, exitCode);
    }

    [Fact]
    public void Write_OfAWrappedWrongRequest_IsWrongUsage()
    {
        using var error = new StringWriter();

        Assert.Equal(
            ExitCode.WrongUsage,
            ErrorReport.Write(new AggregateException(new InvalidRequestException("seed", "Write a number.")), error, verbose: false)
        );
        Assert.Equal("wan: Write a number.", error.ToString().Trim());
    }
}
