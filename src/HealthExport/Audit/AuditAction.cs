namespace HealthExport.Audit;

/// <summary>
/// What an entry of the audit trail says was done. The list is closed: nothing else is recorded. Names are public and
/// stored; they never change.
/// </summary>
public sealed record AuditAction
{
    /// <summary>No key, or none that is in force. Folded; of the owner if the key is known, else nobody's.</summary>
    public static readonly AuditAction AuthenticationFailed = new("auth.failed");

    /// <summary>A good key that lacks the scope. Folded.</summary>
    public static readonly AuditAction Forbidden = new("auth.forbidden");

    public static readonly AuditAction KeyCreated = new("key.created");
    public static readonly AuditAction KeyRotated = new("key.rotated");

    /// <summary>A key was put under other limits.</summary>
    public static readonly AuditAction KeyLimited = new("key.limited");

    public static readonly AuditAction KeyRevoked = new("key.revoked");

    /// <summary>A key's first use from an address. Stored only where the store has not seen the two together.</summary>
    public static readonly AuditAction KeyAtNewAddress = new("key.new_address");

    public static readonly AuditAction UserCreated = new("user.created");
    public static readonly AuditAction UserChanged = new("user.changed");

    /// <summary>All that is left of a person; nobody's.</summary>
    public static readonly AuditAction UserErased = new("user.erased");

    public static readonly AuditAction DataIngested = new("data.ingested");

    /// <summary>Health data was read. Folded.</summary>
    public static readonly AuditAction DataRead = new("data.read");

    public static readonly AuditAction DataExported = new("data.exported");
    public static readonly AuditAction DataDeleted = new("data.deleted");

    /// <summary>Texts that were stored without a canonical code got one.</summary>
    public static readonly AuditAction DataMapped = new("data.mapped");

    /// <summary>The bytes of a push as sent.</summary>
    public static readonly AuditAction PayloadRead = new("payload.read");

    public static readonly AuditAction IngestionReplayed = new("ingestion.replayed");

    /// <summary>A key used up what its limits allow. Folded.</summary>
    public static readonly AuditAction LimitHit = new("limit.hit");

    /// <summary>The trail itself was read. Folded.</summary>
    public static readonly AuditAction AuditRead = new("audit.read");

    /// <summary>A server began to record; nobody's.</summary>
    public static readonly AuditAction ServerStarted = new("server.started");

    /// <summary>
    /// A server has recorded everything; nobody's. A start without a stop before it means that the process before it
    /// was killed, and lost what it had not written.
    /// </summary>
    public static readonly AuditAction ServerStopped = new("server.stopped");

    /// <summary>Entries were lost before this one, for want of room; nobody's.</summary>
    public static readonly AuditAction AuditLost = new("audit.lost");

    AuditAction(string name) => Name = name;

    /// <summary>As stored and on the wire: lower case, a subject and a verb with a point between.</summary>
    public string Name { get; }

    /// <summary>Every action, by name.</summary>
    public static IReadOnlyList<AuditAction> All { get; } =
    [
        AuditLost, AuditRead, AuthenticationFailed, Forbidden, DataDeleted, DataExported, DataIngested, DataMapped,
        DataRead, IngestionReplayed, KeyCreated, KeyLimited, KeyAtNewAddress, KeyRevoked, KeyRotated, LimitHit,
        PayloadRead, ServerStarted, ServerStopped, UserChanged, UserCreated, UserErased,
    ];

    /// <returns>Null if there is no such action.</returns>
    public static AuditAction? Find(string name) => All.FirstOrDefault(action => action.Name == name);

    /// <summary>As the store has it: another build may know names that this one does not.</summary>
    public static AuditAction FromStore(string name) => Find(name) ?? new(name);

    public override string ToString() => Name;
}
