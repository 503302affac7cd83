using Microsoft.Extensions.Configuration;

namespace WanSharp.Server.Telemetry;

/// <summary>Environment variables as OpenTelemetry reads them: each is looked up when it is asked for.</summary>
/// <param name="variable">Reads a variable; null when it is not set.</param>
internal sealed class VariableConfiguration(Func<string, string?> variable) : ConfigurationProvider, IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public override bool TryGet(string key, out string? value)
    {
        value = variable(key);
        return value is not null;
    }
}
