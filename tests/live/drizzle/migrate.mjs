// Runs the migrations of ./drizzle, as an application's release does; the login comes from libpq's variables.
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

const client = new pg.Client();
await client.connect();
await migrate(drizzle(client), { migrationsFolder: "drizzle" });
await client.end();
